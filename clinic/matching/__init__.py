"""Which therapist fits, with reasons."""
