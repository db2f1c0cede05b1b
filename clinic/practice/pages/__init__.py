"""Pages of the clinic, its therapists, session types and hours."""
