"""Ruptures outside a signature: event log, merging, safety flags."""
