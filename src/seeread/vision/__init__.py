"""Towers that see."""
