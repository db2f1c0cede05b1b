"""Pure rules of which therapist fits."""
