"""Files of people, and who must not be written to."""
