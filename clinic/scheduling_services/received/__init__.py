"""Webhooks in: stored once, applied later."""
