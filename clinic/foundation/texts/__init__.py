"""Texts that people type: characters, single lines, posted forms, dates for readers."""
