"""Pages on which a session note is written, signed, read and added to."""
