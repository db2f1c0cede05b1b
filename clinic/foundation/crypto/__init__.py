"""Encryption at rest: sealed values, data keys, rotation of the master key."""
