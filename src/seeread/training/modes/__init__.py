"""Which weights of a model learn: all, some, or a few new ones beside them."""
