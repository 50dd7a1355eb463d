"""File to contacts to recipients."""
