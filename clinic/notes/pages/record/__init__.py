"""Pages of one record: timeline, ledger, ruptures, cycle, brief."""
