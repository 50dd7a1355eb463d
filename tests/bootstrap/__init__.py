"""The launcher, with real processes and without installing anything."""
