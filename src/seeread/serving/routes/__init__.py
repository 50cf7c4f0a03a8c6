"""What can be asked of a model over HTTP, a file for each question."""
