"""Broadcasts for programs."""
