"""The command that opens the clinic of a new installation."""

from __future__ import annotations

OPEN = [
    "clinic", "open", "quiet-street",
    "--name", "Quiet Street Clinic",
    "--short-name", "Quiet Street",
    "--time-zone", "Europe/Lisbon",
    "--email", "desk@quiet-street.example",
]  # fmt: skip
