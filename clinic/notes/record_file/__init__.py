"""The couple's record as a file: export and import."""
