"""Pictures with words: read, drawn in batches, varied."""
