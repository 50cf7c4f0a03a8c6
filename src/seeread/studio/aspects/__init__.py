"""Models side by side, aspect by aspect: read off the models themselves, and off papers where there is nothing else."""
