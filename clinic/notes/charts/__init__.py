"""Pure pictures of the ledger, the cycle, questionnaires and windows."""
