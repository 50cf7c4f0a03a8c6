"""What models are trained to do: compare, write, both at once, classify, fill gaps."""
