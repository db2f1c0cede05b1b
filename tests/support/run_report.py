"""What `make test` makes of what its steps printed: pure functions over lines of text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.support.branch_coverage import LEAST_COVERED

MOST_RERUNS = 3
"""More browser tests run again in one run than this, and something is wrong with them."""

FAILED = re.compile(r"(?:FAILED|ERROR) (?=tests/)(.*)")
RERUN = re.compile(r"RERUN (tests/.*)")
"""As pytest's short summary and pytest-rerunfailures print them."""


@dataclass(frozen=True)
class StepReport:
    """What a step printed of failed tests and of tests run again."""

    failed: tuple[str, ...] = ()
    rerun: tuple[str, ...] = ()


@dataclass
class RunReport:
    """The whole run: how long each step took, what failed and what could not run."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    rerun: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    covered: float | None = None
    """Percent of the branches of clinic/; None while they are not measured."""

    def add(self, step: str, seconds: float, exit_code: int, report: StepReport) -> None:
        """Add how a step went."""
        self.seconds[step] = seconds
        if exit_code != 0:
            self.failed += [step, *(f"  {name}" for name in report.failed)]
        self.rerun += report.rerun


def read_step(lines: Iterable[str]) -> StepReport:
    """Find the names in what a step printed."""
    printed = [line.rstrip("\n") for line in lines]
    return StepReport(
        failed=_without_repeats(_matches(FAILED, printed)),
        rerun=tuple(_matches(RERUN, printed)),
    )


def closing_lines(run: RunReport, *, on_ci: bool) -> list[str]:
    """Return how long it took and what is wrong, for the end: CI shows only a tail."""
    times = [f"{seconds:6.0f} s  {step}" for step, seconds in run.seconds.items()]
    whole = [f"{sum(run.seconds.values()):6.0f} s  in all"]
    covered = (
        [] if run.covered is None else [f"COVERED  {run.covered:.1f} % of the branches of clinic/"]
    )
    absent = [f"NOT RUN  {what}" for what in run.absent]
    again = [f"RERUN    {name} ({times})" for name, times in Counter(run.rerun).items()]
    failed = [
        f"FAILED   {name}" for name in (*run.failed, *_too_many_reruns(run), *_too_little(run))
    ]
    passed = [] if has_failed(run, on_ci=on_ci) else ["All that ran passed."]
    return [*times, *whole, *covered, *absent, *again, *failed, *passed]


def has_failed(run: RunReport, *, on_ci: bool) -> bool:
    """Decide whether the run is red: on CI also when something could not run."""
    is_wrong = run.failed or _too_many_reruns(run) or _too_little(run)
    return bool(is_wrong or (run.absent and on_ci))


def _too_many_reruns(run: RunReport) -> list[str]:
    count = len(run.rerun)
    return [f"{count} reruns, more than {MOST_RERUNS}"] if count > MOST_RERUNS else []


def _too_little(run: RunReport) -> list[str]:
    if run.covered is None or run.covered >= LEAST_COVERED:
        return []
    return [f"{run.covered:.1f} % of the branches, fewer than {LEAST_COVERED:g} %"]


def _matches(pattern: re.Pattern[str], lines: Sequence[str]) -> list[str]:
    return [found[1] for line in lines if (found := pattern.match(line))]


def _without_repeats(names: Sequence[str]) -> tuple[str, ...]:
    """Leave out a test named a second time without its reason, as one that was run again is."""
    told = list(dict.fromkeys(names))
    return tuple(name for name in told if not any(other.startswith(f"{name} - ") for other in told))
