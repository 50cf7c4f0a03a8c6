"""Where sight and reading meet."""
