"""What commands are given: pictures and texts as they are named on a command line."""
