"""Drawn scenes in which it is known what an answer depends on: each thing can be left out, or painted anew."""
