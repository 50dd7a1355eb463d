"""The simulator, held against the seed documents over real HTTP."""
