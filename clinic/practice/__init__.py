"""The clinic itself: therapists, session types, opening hours, time off."""
