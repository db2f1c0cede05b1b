"""Intervals, slots, holds and appointments."""
