"""Broadcasts: the list, and new ones."""
