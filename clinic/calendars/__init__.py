"""Feeds out, outside calendars in."""
