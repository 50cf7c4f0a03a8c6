"""A run as a terminal shows it."""
