"""Reads calendars with ical.js, the library of Thunderbird and Nextcloud, run by Node.

`js/package.json` pins it. Where Node, npm or the package cannot be had the test is skipped and
says so; with CI=true it fails.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "js"


def read_with_ical_js(body: bytes) -> dict[str, Any]:
    """`{"method", "events": [...], "busy": [...]}`, instants in UTC, as `js/read.js` writes it."""
    folder = _installed()
    if folder is None:
        told = "ical.js was not run: it needs node and npm, and once the network"
        pytest.fail(told) if os.environ.get("CI") == "true" else pytest.skip(told)
    done = subprocess.run(
        ["node", str(folder / "read.js")], input=body, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@lru_cache(maxsize=1)
def _installed() -> Path | None:
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    folder = Path(tempfile.mkdtemp(prefix="ical-js-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("package.json", "read.js"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
    return folder if done.returncode == 0 else None
