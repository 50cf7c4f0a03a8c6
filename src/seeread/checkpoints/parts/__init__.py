"""Tables of towers: what formats are put together from."""
