"""`make test`: every check and every test, and at the end by name what could not run.

With CI=true something that cannot run is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.postgresql_server import running_server, server_programs

BIN = Path(sys.executable).parent
ON_CI = os.environ.get("CI") == "true"
CORES = min(4, os.cpu_count() or 1)
FAILING_TEST = re.compile(r"(?:FAILED|ERROR) (tests/.*)")
"""As pytest's short summary names one."""


@dataclass
class Told:
    """What the end tells: how long each step took, what failed and what could not run."""

    times: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def main() -> int:
    """Run everything, in the order of how soon it can fail."""
    told = Told()
    for name, command in CHECKS:
        _step(name, command, told)
    has_browser = _chromium()
    if not has_browser:
        told.absent.append("browser tests: Chromium is missing (apt-get install chromium)")
    marks = [] if has_browser else ["-m", "not browser"]
    _step("tests on SQLite", _pytest(*marks, workers=CORES), told)
    with ExitStack() as stack:
        url = os.environ.get("TEST_DATABASE_URL")
        if not url and server_programs():
            url = stack.enter_context(running_server())
        if url:
            environment = os.environ | {"TEST_DATABASE_URL": url}
            _step(
                "tests on PostgreSQL",
                # One more than cores: each of them waits for the server now and then.
                _pytest("-m", "not browser and not one_database", workers=CORES + 1),
                told,
                environment,
            )
        else:
            told.absent.append("tests on PostgreSQL: install it or set TEST_DATABASE_URL")
    return _close(told)


def _tool(*words: str) -> list[str]:
    return [str(BIN / words[0]), *words[1:]]


def _pytest(*more: str, workers: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        str(workers),
        "--dist",
        "worksteal",
        *SHORT,
        *more,
    ]


SHORT = ("--tb=short", "--maxfail=60")
CHECKS: list[tuple[str, list[str]]] = [
    ("lint", _tool("ruff", "check", ".")),
    ("format", _tool("ruff", "format", "--check", ".")),
    ("lint of templates", _tool("djlint", "--lint", "--quiet", "templates")),
    ("lint of scripts and style sheets", [sys.executable, "-m", "tests.lint_browser_code"]),
    ("types", _tool("mypy")),
    ("architecture", _tool("lint-imports")),
]


def _step(
    name: str, command: list[str], told: Told, environment: dict[str, str] | None = None
) -> None:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    code, tests = _run(command, environment)
    if code != 0:
        told.failed += [name, *tests]
    told.times[name] = time.monotonic() - started
    print(f"   {told.times[name]:.0f} s", flush=True)


def _run(command: list[str], environment: dict[str, str] | None) -> tuple[int, list[str]]:
    """Show what it says as it says it; its exit code, and the tests it says failed."""
    tests = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            if found := FAILING_TEST.match(line):
                tests.append(f"  {found[1]}")
    return running.returncode, tests


def _chromium() -> bool:
    if shutil.which("chromium"):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("== installing Chromium", flush=True)
        quiet: Callable[..., object] = subprocess.run
        quiet(["apt-get", "update", "-qq"], check=False)
        quiet(["apt-get", "install", "-y", "-qq", "chromium"], check=False)
    return shutil.which("chromium") is not None


def _close(told: Told) -> int:
    """How long it took and what is wrong, in the last lines: CI shows only a tail."""
    print("".join(f"{seconds:6.0f} s  {name}\n" for name, seconds in told.times.items()), end="")
    print(f"{sum(told.times.values()):6.0f} s  in all")
    for what in told.absent:
        print(f"NOT RUN  {what}")
    for name in told.failed:
        print(f"FAILED   {name}")
    if told.failed or (told.absent and ON_CI):
        return 1
    print("All that ran passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
