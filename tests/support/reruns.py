"""Browser tests that fail are run again, for Chromium and two busy cores are not always in time.

Whatever was run again is named at the end of `make test`, which bears only a few
(`run_report.MOST_RERUNS`). All other tests fail the first time.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

RUN_AGAIN = 2
RUN_AGAIN_IF_FAILED = pytest.mark.flaky(reruns=RUN_AGAIN, rerun_except="from pytest-timeout")
"""A test that hangs is not run again: pytest-timeout measures all attempts together, once."""


def mark_for_reruns(items: Iterable[pytest.Item]) -> None:
    """Have the browser tests among these run again at most twice."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(RUN_AGAIN_IF_FAILED)
