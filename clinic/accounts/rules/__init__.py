"""Pure rules of signing in: passwords, throttling, session lifetimes, redirects."""
