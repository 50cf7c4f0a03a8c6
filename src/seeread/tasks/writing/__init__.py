"""Dialogues to answers: what every task of a model that writes needs."""
