"""Calendar feeds out, and invitations in mails."""
