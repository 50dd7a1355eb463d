"""Pages for people: one module for each model, and the journey of a broadcast."""
