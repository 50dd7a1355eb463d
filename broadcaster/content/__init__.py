"""Template and recipient to content."""
