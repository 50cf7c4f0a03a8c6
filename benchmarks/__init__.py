"""Speed, measured side by side with peers in one run; see each file for its command."""
