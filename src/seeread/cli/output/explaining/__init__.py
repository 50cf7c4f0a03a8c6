"""What `seeread explain` has to show: maps, causes between two pictures, and where they are drawn."""
