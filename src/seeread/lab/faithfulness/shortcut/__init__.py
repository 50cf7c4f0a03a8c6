"""Planted shortcuts: small models learn to answer by a mark in a corner, and an explanation has to say so."""
