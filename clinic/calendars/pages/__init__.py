"""Pages about calendar addresses and imported calendars; the feeds themselves."""
