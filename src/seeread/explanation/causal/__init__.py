"""What becomes of an answer when a part of the model is changed."""
