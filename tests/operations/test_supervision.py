"""A process that ends is started again, later each time."""

from __future__ import annotations

import sys
import time

import pytest

from clinic.operations import supervision
from clinic.operations.supervision import SupervisedProcess, pause_before_start

pytestmark = pytest.mark.one_database


def test_pause_doubles_up_to_a_minute():
    pauses = [pause_before_start(ends) for ends in (1, 2, 3, 4, 5, 6, 7, 8, 10_000)]

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def ended_again(process: SupervisedProcess) -> None:
    process.process.wait(timeout=60)
    process.restart_when_due()


def started_again(process: SupervisedProcess) -> bool:
    before = process.process
    deadline = time.monotonic() + 60
    while process.process is before and time.monotonic() < deadline:
        process.restart_when_due()
        time.sleep(0.01)
    return process.process is not before


def test_each_early_end_is_said_with_a_longer_pause(monkeypatch, capsys):
    monkeypatch.setattr(supervision, "pause_before_start", lambda ends: ends / 1000)
    process = SupervisedProcess("It", [sys.executable, "-c", "raise SystemExit(3)"])
    for _ in range(3):
        ended_again(process)
        assert started_again(process)
    process.process.wait(timeout=60)

    said = capsys.readouterr().err.splitlines()
    assert said == ["It ended by itself (exit code 3); it is started again in 0 s."] * 3
    assert process._early_ends == 3


def test_end_after_a_steady_run_counts_as_the_first(monkeypatch):
    monkeypatch.setattr(supervision, "STEADY_AFTER_S", 0)
    process = SupervisedProcess("It", [sys.executable, "-c", "pass"])
    process._early_ends = 5

    ended_again(process)

    assert process._early_ends == 1


def test_process_that_runs_is_left_alone():
    process = SupervisedProcess("It", [sys.executable, "-c", "import time; time.sleep(900)"])
    try:
        first = process.process
        process.restart_when_due()
        assert process.process is first
    finally:
        process.process.kill()
        process.process.wait(timeout=60)
