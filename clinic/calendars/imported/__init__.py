"""Calendars elsewhere whose entries block a therapist's time."""
