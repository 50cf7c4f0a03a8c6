"""Experiments on models whose outcome is known beforehand, or can be: they say how far a tool can be trusted."""
