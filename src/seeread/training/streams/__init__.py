"""What a model learns from, step by step, in an order that can be gone on with."""
