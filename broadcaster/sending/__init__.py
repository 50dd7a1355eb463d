"""Recipients to posted messages, each at most once."""
