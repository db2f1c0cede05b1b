"""Pages of what is entered between sessions."""
