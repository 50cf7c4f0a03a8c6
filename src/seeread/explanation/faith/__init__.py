"""How far a map can be believed."""
