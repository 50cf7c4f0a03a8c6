"""Commands that make models better."""
