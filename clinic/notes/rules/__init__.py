"""Pure rules of the couple's record: notes, ruptures, windows, questionnaires."""
