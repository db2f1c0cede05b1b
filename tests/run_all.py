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
from contextlib import ExitStack
from pathlib import Path

from tests.throwaway_postgresql import running_server, server_programs

BIN = Path(sys.executable).parent
ON_CI = os.environ.get("CI") == "true"
CORES = min(4, os.cpu_count() or 1)


def main() -> int:
    """Run everything, in the order of how soon it can fail."""
    failed: list[str] = []
    absent: list[str] = []
    for name, command in CHECKS:
        _step(name, command, failed)
    has_browser = _chromium()
    if not has_browser:
        absent.append("browser tests: Chromium is missing (apt-get install chromium)")
    marks = [] if has_browser else ["-m", "not browser"]
    _step("tests on SQLite", _pytest(*marks, workers=CORES), failed)
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
                failed,
                environment,
            )
        else:
            absent.append("tests on PostgreSQL: install it or set TEST_DATABASE_URL")
    return _close(failed, absent)


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
    ("types", _tool("mypy")),
    ("architecture", _tool("lint-imports")),
]


def _step(
    name: str, command: list[str], failed: list[str], environment: dict[str, str] | None = None
) -> None:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        failed.append(name)
    print(f"   {time.monotonic() - started:.0f} s", flush=True)


def _chromium() -> bool:
    if shutil.which("chromium"):
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("== installing Chromium", flush=True)
        quiet: Callable[..., object] = subprocess.run
        quiet(["apt-get", "update", "-qq"], check=False)
        quiet(["apt-get", "install", "-y", "-qq", "chromium"], check=False)
    return shutil.which("chromium") is not None


def _close(failed: list[str], absent: list[str]) -> int:
    for what in absent:
        print(f"NOT RUN  {what}")
    for name in failed:
        print(f"FAILED   {name}")
    if failed or (absent and ON_CI):
        return 1
    print("All that ran passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
