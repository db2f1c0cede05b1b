"""Cal.com and Calendly kept in step."""
