"""The definition of a small instrument, as the tests of instruments read it."""

from __future__ import annotations

from tests.support.paths import DATA

TEXT = (DATA / "closeness.json").read_text(encoding="utf-8")
