"""What is entered between sessions: attempts, ratings, windows, questionnaires."""
