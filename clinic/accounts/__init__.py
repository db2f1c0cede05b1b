"""Who signs in: roles, passwords, sessions, throttling."""
