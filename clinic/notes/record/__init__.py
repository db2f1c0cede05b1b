"""Tables of the couple's record, and who may open it."""
