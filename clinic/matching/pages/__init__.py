"""Steps 1 and 2 of booking."""
