"""Towers that read."""
