"""What draws a space in a browser: modules that the page which opens offline and the studio share."""
