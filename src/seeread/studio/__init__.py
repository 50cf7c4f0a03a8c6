"""The studio: pages in a browser that show what models see, and how far to believe it."""
