"""Things and where they are: what detection and segmentation ask, read, answer and draw."""
