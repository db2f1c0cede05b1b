"""How much one request may carry. Pure."""

from __future__ import annotations

MAX_REQUEST_BYTES = 1024 * 1024
"""The longest body that the application reads; a longer one is refused by its announced length."""
