"""Reads busy times out of a calendar file from a stranger. Pure."""
