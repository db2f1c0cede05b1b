"""The only place that reads the clock. Rules and services take `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Give the time as an aware UTC instant; can be frozen, and moved in tests."""

    def __init__(self) -> None:
        self._frozen_at: datetime | None = None

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return self._frozen_at if self._frozen_at is not None else datetime.now(UTC)

    def freeze(self, instant: datetime) -> None:
        """Stand still at `instant` (aware)."""
        if instant.tzinfo is None:
            raise ValueError("the clock is frozen at an aware instant only")
        self._frozen_at = instant.astimezone(UTC)

    def move(self, by: timedelta) -> None:
        """Move a frozen clock."""
        if self._frozen_at is None:
            raise ValueError("only a frozen clock can be moved")
        self._frozen_at += by

    def run(self) -> None:
        """Let it run again."""
        self._frozen_at = None


clock = Clock()
