"""Signing, sealing and adding to notes."""
