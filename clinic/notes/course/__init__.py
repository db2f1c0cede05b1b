"""A couple's course read from the tables: the input of the ledger, the timeline."""
