"""Pages of the couple's record."""
