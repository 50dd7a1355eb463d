"""What is said, and over which channel: templates, files and channels."""
