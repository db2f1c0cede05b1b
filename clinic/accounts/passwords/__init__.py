"""Mailed links that set a password."""
