"""Ways to tell where in a picture an answer came from."""
