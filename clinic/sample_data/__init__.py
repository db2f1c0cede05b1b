"""The made-up demo clinic, and rows for load tests."""
