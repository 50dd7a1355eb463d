"""What became of a broadcast, message by message, and what can be done about it."""
