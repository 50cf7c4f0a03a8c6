"""Data sets as they lie on disk, read as examples: one reader each."""
