"""The next token, and the next: how a model that `Generates` writes an answer."""
