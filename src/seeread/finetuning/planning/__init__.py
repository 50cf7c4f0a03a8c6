"""What is going to happen, before anything does: what is there, whether it teaches something, and what is decided."""
