"""The unit of care: couples and their partners."""
