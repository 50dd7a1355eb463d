"""Webhooks and polls to message states."""
