"""A folder of pictures, embedded once and asked often."""
