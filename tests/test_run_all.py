"""What `make test` says at its end, and when it is red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import lint_browser_code, run_all
from tests.support.branch_coverage import LEAST_COVERED, measured, read_branch_coverage
from tests.support.paths import ROOT
from tests.support.run_report import RunReport, StepReport, closing_lines, has_failed, read_step

pytestmark = pytest.mark.one_database

PRINTED = """\
.R.RF.                                                                   [100%]
=================================== FAILURES ===================================
E   AssertionError: FAILED tests/a_quoted_name.py
=========================== short test summary info ============================
FAILED tests/browser/test_b.py::test_closes[a - b] - AssertionError: gone
ERROR tests/test_c.py::test_opens
========================== rerun test summary info ===========================
RERUN tests/browser/test_a.py::test_opens
PASSED tests/browser/test_a.py::test_opens
RERUN tests/browser/test_b.py::test_closes[a - b]
RERUN tests/browser/test_b.py::test_closes[a - b]
FAILED tests/browser/test_b.py::test_closes[a - b]
1 failed, 4 passed, 1 error, 3 rerun in 2.00s
"""
READ = StepReport(
    failed=(
        "tests/browser/test_b.py::test_closes[a - b] - AssertionError: gone",
        "tests/test_c.py::test_opens",
    ),
    rerun=(
        "tests/browser/test_a.py::test_opens",
        "tests/browser/test_b.py::test_closes[a - b]",
        "tests/browser/test_b.py::test_closes[a - b]",
    ),
)


def run_of(*steps: tuple[str, float, int, StepReport], absent: list[str] | None = None):
    run = RunReport(absent=absent or [])
    for step in steps:
        run.add(*step)
    return run


def test_names_are_read_from_what_a_step_printed():
    assert read_step(PRINTED.splitlines(keepends=True)) == READ
    assert read_step(["5 passed in 1.00s\n"]) == StepReport()


def test_end_names_times_coverage_reruns_and_what_failed():
    run = run_of(
        ("lint", 1.2, 0, StepReport()), ("tests", 90.6, 1, READ), absent=["browser tests: no"]
    )

    run.covered = 95.64

    assert closing_lines(run, on_ci=False) == [
        "     1 s  lint",
        "    91 s  tests",
        "    92 s  in all",
        "COVERED  95.6 % of the branches of clinic/",
        "NOT RUN  browser tests: no",
        "RERUN    tests/browser/test_a.py::test_opens (1)",
        "RERUN    tests/browser/test_b.py::test_closes[a - b] (2)",
        "FAILED   tests",
        "FAILED     tests/browser/test_b.py::test_closes[a - b] - AssertionError: gone",
        "FAILED     tests/test_c.py::test_opens",
    ]


def test_end_of_a_run_without_failures_says_so():
    assert closing_lines(run_of(("lint", 1.0, 0, StepReport())), on_ci=True) == [
        "     1 s  lint",
        "     1 s  in all",
        "All that ran passed.",
    ]


@pytest.mark.parametrize(
    ("beside", "end"),
    [
        (0, "All that ran passed."),
        (
            -0.1,
            f"FAILED   {LEAST_COVERED - 0.1:.1f} % of the branches, fewer than {LEAST_COVERED:g} %",
        ),
    ],
)
def test_run_that_reaches_fewer_branches_than_before_is_red(beside, end):
    run = run_of(("tests", 1.0, 0, StepReport()))
    run.covered = LEAST_COVERED + beside

    assert closing_lines(run, on_ci=False)[-1] == end
    assert has_failed(run, on_ci=False) is (beside < 0)


@pytest.mark.parametrize(
    ("reruns", "end"),
    [
        (3, "All that ran passed."),
        (4, "FAILED   4 reruns, more than 3"),
    ],
)
def test_three_reruns_in_all_steps_are_let_pass_and_four_are_not(reruns, end):
    name = "tests/browser/test_a.py::test_opens"
    run = run_of(
        ("browser tests", 1.0, 0, StepReport(rerun=(name,) * (reruns - 1))),
        ("tests", 1.0, 0, StepReport(rerun=(name,))),
    )

    assert closing_lines(run, on_ci=False)[-1] == end
    assert has_failed(run, on_ci=False) is (reruns == 4)


@pytest.mark.parametrize(
    ("exit_code", "absent", "on_ci", "failed"),
    [
        (0, [], False, False),
        (0, [], True, False),
        (0, ["browser tests"], False, False),
        (0, ["browser tests"], True, True),
        (2, [], False, True),
    ],
)
def test_failed_step_is_red_and_a_missing_one_only_on_ci(exit_code, absent, on_ci, failed):
    run = run_of(("tests", 1.0, exit_code, StepReport()), absent=absent)

    assert has_failed(run, on_ci=on_ci) is failed


FAILING_TESTS = """
import time
from collections import Counter

import pytest

TRIES = Counter()


def fails_until(name, attempt):
    TRIES[name] += 1
    assert TRIES[name] >= attempt


@pytest.mark.browser
def test_of_a_browser_passes_the_third_time():
    fails_until("third", 3)


@pytest.mark.browser
def test_of_a_browser_would_pass_the_fourth_time():
    fails_until("fourth", 4)


@pytest.mark.browser
@pytest.mark.timeout(1)
def test_of_a_browser_hangs():
    time.sleep(60)


def test_of_another_kind_would_pass_the_second_time():
    fails_until("second", 2)
"""


def test_failed_browser_tests_run_again_twice_and_no_others_do(tmp_path: Path):
    """In workers, in a random order and with a time limit, as `make test` runs them."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_failing.py").write_text(FAILING_TESTS)

    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "1",
            "--rootdir",
            tmp_path,
            "-c",
            ROOT / "pyproject.toml",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.conftest",
            "tests",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    found, file = read_step(ended.stdout.splitlines()), "tests/test_failing.py::test_of_"
    assert sorted(found.rerun) == [
        f"{file}a_browser_passes_the_third_time",
        f"{file}a_browser_passes_the_third_time",
        f"{file}a_browser_would_pass_the_fourth_time",
        f"{file}a_browser_would_pass_the_fourth_time",
    ]
    assert sorted(name.partition(" - ")[0] for name in found.failed) == [
        f"{file}a_browser_hangs",
        f"{file}a_browser_would_pass_the_fourth_time",
        f"{file}another_kind_would_pass_the_second_time",
    ]


def test_branches_are_counted_in_every_worker(tmp_path):
    """One worker reaches what happens on Mondays, the other what happens otherwise."""
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "days.py").write_text(
        "def opens(day):\n    if day == 0:\n        return 9\n    return 8\n"
        "def closes(day):\n    if day == 0:\n        return 17\n    return 18\n"
    )
    (tmp_path / "test_days.py").write_text(
        "import sys\nsys.path.insert(0, '.')\nfrom clinic.days import opens\n"
        "def test_monday(): assert opens(0) == 9\ndef test_tuesday(): assert opens(1) == 8\n"
    )
    report = tmp_path / "coverage.json"
    ignored = ("-W", "ignore::pytest.PytestAssertRewriteWarning")

    words = ["-q", "-n", "2", "--dist", "load", *ignored, "-p", "no:cacheprovider", str(tmp_path)]
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "SLIPCOVER_"))}
    command = measured(words, report)
    subprocess.run(command, cwd=tmp_path, env=ours, check=True, capture_output=True)

    assert read_branch_coverage(report) == 50.0
    assert read_branch_coverage(tmp_path / "none.json") is None


def test_lint_of_browser_code_that_is_not_installed_is_named_at_the_end(monkeypatch, tmp_path):
    monkeypatch.setattr(lint_browser_code, "PROGRAMS", tmp_path)
    monkeypatch.setattr(run_all, "CHECKS", [])
    run = RunReport()

    run_all._check(run)

    assert (run.failed, run.absent) == (
        [],
        ["ESLint and stylelint: npm is missing (apt-get install nodejs npm)"],
    )
