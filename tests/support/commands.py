"""A clinic's own commands run as real processes, with a settings of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

PRODUCTION = {
    "CLINIC_ENV": "production",
    "BASE_URL": "https://clinic.example",
    "SECRET_KEY": "pXv3nQ9sKd0ZtR7wLb2YhF5mJc8GaE1u",
    "CLINIC_ENCRYPTION_KEYS": "5mO2W0rV0kXhyT4cYQeEJ8d3nqkRz1sLBvA7uGfHpNw=",
}
"""All that production needs to be given."""


def environment(instance: Path, **changes: str) -> dict[str, str]:
    """Only what a fresh shell has, and these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"FLASK_APP": "app.py", "CLINIC_INSTANCE": str(instance)} | changes


def flask(
    *arguments: str, instance: Path, timeout: float = 300, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run `flask ...` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env=environment(instance, **changes),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
