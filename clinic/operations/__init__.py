"""Serving, the worker, and housekeeping."""
