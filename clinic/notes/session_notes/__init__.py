"""The session note until it is signed, search, what waits to be written."""
