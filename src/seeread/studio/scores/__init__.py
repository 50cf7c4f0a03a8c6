"""What was measured: the records, pages and calibrations that lie in a folder, and those that come with the models."""
