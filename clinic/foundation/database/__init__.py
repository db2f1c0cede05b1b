"""Transactions, what a database error means, and what waits without one."""
