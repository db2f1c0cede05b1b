"""Mails about the record; none of them says what or whose."""
