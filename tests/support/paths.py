"""Where the project's files are, for tests that read or run them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLINIC = ROOT / "clinic"
DATA = ROOT / "tests" / "data"
GOLDEN = ROOT / "tests" / "golden"
MIGRATIONS = ROOT / "migrations"
