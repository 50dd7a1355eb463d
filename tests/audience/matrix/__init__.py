"""Files as operators have them, each with the exact people and refusals that must come out of its import."""
