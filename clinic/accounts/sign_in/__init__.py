"""Checking credentials, sessions as rows, known devices, revoking access."""
