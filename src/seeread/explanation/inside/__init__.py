"""What becomes of one picture and one text on their way through a model."""
