"""A run on disk, of which nothing is ever lost."""
