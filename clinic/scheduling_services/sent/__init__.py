"""Changes out: pushes to Cal.com, reconciliation, outgoing webhooks."""
