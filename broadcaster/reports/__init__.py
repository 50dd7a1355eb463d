"""What became of it, for people."""
