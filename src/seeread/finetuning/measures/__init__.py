"""How good a model is on what it learns and on what it should not forget; and what lies between old and new."""
