"""Ruptures, repair attempts, session notes and the ledger."""
