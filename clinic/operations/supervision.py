"""A process that is started again when it ends by itself, with a growing pause between starts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence

import click

LONGEST_PAUSE_S = 60.0
STEADY_AFTER_S = 60.0
"""A process that ran for so long did start well; its next end counts as the first."""


def pause_before_start(early_ends: int) -> float:
    """Give the seconds to wait after so many ends in a row (the last included): 1, 2, 4 ... 60."""
    return float(min(LONGEST_PAUSE_S, 2 ** min(early_ends - 1, 10)))


class SupervisedProcess:
    """A process in a group of its own, so that Ctrl-C reaches only whoever supervises it."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._command = command
        self._early_ends = 0
        self._start_at: float | None = None
        self._start()

    def _start(self) -> None:
        self._started_at, self._start_at = time.monotonic(), None
        self.process = subprocess.Popen(self._command, start_new_session=True)

    def restart_when_due(self) -> None:
        """Notice its end and say so; start it again when the pause is over. Never blocks."""
        now = time.monotonic()
        if self._start_at is not None:
            if now >= self._start_at:
                self._start()
        elif self.process.poll() is not None:
            self._plan_start(now)

    def _plan_start(self, now: float) -> None:
        steady = now - self._started_at >= STEADY_AFTER_S
        self._early_ends = 1 if steady else self._early_ends + 1
        pause = pause_before_start(self._early_ends)
        self._start_at = now + pause
        with contextlib.suppress(ProcessLookupError):  # whatever it had started itself
            os.killpg(self.process.pid, signal.SIGKILL)
        click.echo(
            f"{self.name} ended by itself (exit code {self.process.returncode}); "
            f"it is started again in {pause:.0f} s.",
            err=True,
        )
