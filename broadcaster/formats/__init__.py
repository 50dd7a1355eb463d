"""How dates and times are written on every page, where the country's own way would mislead."""
