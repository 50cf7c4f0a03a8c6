"""The live figures of the documentation, each made by the project itself: `python -m recipes.figures`."""
