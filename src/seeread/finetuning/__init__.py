"""From one's own folder of pictures to a better model: what is there, what will be learned, and what it brought."""
