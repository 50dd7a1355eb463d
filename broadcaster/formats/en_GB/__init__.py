"""British English, in which the pages are written."""
