"""One run on several processes and devices."""
