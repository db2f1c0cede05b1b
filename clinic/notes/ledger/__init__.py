"""The ledger: pure figures derived from a couple's course."""
