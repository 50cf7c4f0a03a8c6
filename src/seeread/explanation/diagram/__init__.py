"""The architecture of a model as boxes within boxes."""
