"""The journey of a broadcast in the browser."""
