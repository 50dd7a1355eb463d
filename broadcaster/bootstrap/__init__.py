"""The way to a running system: environment, keys, database, processes. Standard library only, nothing of Django."""
