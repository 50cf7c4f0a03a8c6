"""What commands give: lines and charts on a terminal, JSON, files."""
