"""Ties a browser to a session: cookies, the guard of every route."""
