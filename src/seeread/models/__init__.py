"""One file a family: a forward pass is the figure of its paper."""
