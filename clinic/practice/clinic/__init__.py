"""The clinic, its therapists and session types."""
