"""The journey of a broadcast in the browser: audience -> message -> schedule -> review -> watch, one page a step."""
