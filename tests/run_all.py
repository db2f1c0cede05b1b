"""`make test`: every check and every test, and at the end by name what could not run.

With CI=true something that cannot run is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import lint_browser_code
from tests.support.branch_coverage import measured, read_branch_coverage
from tests.support.postgresql_server import running_server, server_programs
from tests.support.run_report import RunReport, StepReport, closing_lines, has_failed, read_step

BIN = Path(sys.executable).parent
ON_CI = os.environ.get("CI") == "true"
CORES = min(4, os.cpu_count() or 1)
SHORT = ("--tb=short", "--maxfail=60")


def main() -> int:
    """Run everything, in the order of how soon it can fail."""
    run = RunReport()
    _check(run)
    _test_on_sqlite(run)
    _test_in_a_browser(run)
    _test_on_postgresql(run)
    print("\n".join(closing_lines(run, on_ci=ON_CI)))
    return int(has_failed(run, on_ci=ON_CI))


def _tool(*words: str) -> list[str]:
    return [str(BIN / words[0]), *words[1:]]


CHECKS: list[tuple[str, list[str]]] = [
    ("types", _tool("mypy")),
    ("lint", _tool("ruff", "check", ".")),
    ("format", _tool("ruff", "format", "--check", ".")),
    ("lint of templates", _tool("djlint", "--lint", "--quiet", "templates")),
    ("lint of scripts and style sheets", [sys.executable, "-m", "tests.lint_browser_code"]),
    ("architecture", _tool("lint-imports")),
]


def _check(run: RunReport) -> None:
    """Run the checks beside each other, mypy first: it takes as long as all others."""
    print("== checks", flush=True)
    if not lint_browser_code.is_installed():
        run.absent.append(lint_browser_code.ABSENT)
    started = time.monotonic()
    failed = []
    with ThreadPoolExecutor(CORES) as pool:
        for (name, _command), ran in zip(CHECKS, pool.map(_run_check, CHECKS), strict=True):
            print(f"== {name}\n{ran.stdout}", end="", flush=True)
            failed += [name] if ran.returncode else []
    seconds = time.monotonic() - started
    run.add("checks", seconds, int(bool(failed)), StepReport(failed=tuple(failed)))
    print(f"   {seconds:.0f} s", flush=True)


def _run_check(check: tuple[str, list[str]]) -> subprocess.CompletedProcess[str]:
    _name, command = check
    both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(command, check=False, stdout=both[0], stderr=both[1], text=True)


def _pytest(*more: str, workers: int) -> list[str]:
    return [sys.executable, "-m", "pytest", *_words(*more, workers=workers)]


def _words(*more: str, workers: int) -> list[str]:
    return ["-q", "-n", str(workers), "--dist", "worksteal", *SHORT, *more]


def _test_on_sqlite(run: RunReport) -> None:
    with TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = measured(_words("-m", "not browser", workers=CORES), report)
        _step(run, "tests on SQLite", command)
        run.covered = read_branch_coverage(report)


def _test_in_a_browser(run: RunReport) -> None:
    if _has_chromium():
        _step(run, "browser tests", _pytest("-m", "browser", "tests/browser", workers=CORES))
    else:
        run.absent.append("browser tests: Chromium is missing (apt-get install chromium)")


def _test_on_postgresql(run: RunReport) -> None:
    with ExitStack() as stack:
        url = os.environ.get("TEST_DATABASE_URL")
        if not url and server_programs():
            url = stack.enter_context(running_server())
        if url:
            # One more than cores: each of them waits for the server now and then.
            command = _pytest("-m", "not browser and not one_database", workers=CORES + 1)
            _step(run, "tests on PostgreSQL", command, os.environ | {"TEST_DATABASE_URL": url})
        else:
            run.absent.append("tests on PostgreSQL: install it or set TEST_DATABASE_URL")


def _step(
    run: RunReport, name: str, command: list[str], environment: dict[str, str] | None = None
) -> None:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    exit_code, lines = _execute(command, environment)
    run.add(name, time.monotonic() - started, exit_code, read_step(lines))
    print(f"   {run.seconds[name]:.0f} s", flush=True)


def _execute(command: list[str], environment: dict[str, str] | None) -> tuple[int, list[str]]:
    """Show what the command prints while it prints it; return its exit code and the lines."""
    lines = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    return running.returncode, lines


def _has_chromium() -> bool:
    if shutil.which("chromium"):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("== installing Chromium", flush=True)
        quiet: Callable[..., object] = subprocess.run
        quiet(["apt-get", "update", "-qq"], check=False)
        quiet(["apt-get", "install", "-y", "-qq", "chromium"], check=False)
    return shutil.which("chromium") is not None


if __name__ == "__main__":
    sys.exit(main())
