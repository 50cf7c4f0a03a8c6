"""Explanations to look at: maps over the picture, as PNG and as a page."""
