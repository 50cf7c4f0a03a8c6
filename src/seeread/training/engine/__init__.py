"""The loop: a learner, its steps, and what a run does besides, from dropped patches to thrift."""
