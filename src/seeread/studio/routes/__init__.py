"""What the pages of the studio ask for, a file for each page; what scripts may ask, too, is in `serving.routes`."""
