"""Writes iCalendar text: feeds, free/busy, invitations, VTIMEZONE. Pure."""
