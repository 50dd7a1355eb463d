"""One module for each provider; its name is the channel kind."""
