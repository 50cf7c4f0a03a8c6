"""The shared space of a model: a folder of pictures and its texts, on one map."""
