"""Files in, models out: the only room that knows foreign names."""
