"""Run ESLint and stylelint, which `make` installs with npm; report by name what could not run.

With CI=true something that cannot run is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "node_modules" / ".bin"
ABSENT = "ESLint and stylelint: npm is missing (apt-get install nodejs npm)"
COMMANDS = (("eslint", "."), ("stylelint", "static/**/*.css"))


def is_installed() -> bool:
    """Return whether `make` could install both with npm."""
    return all((PROGRAMS / command[0]).exists() for command in COMMANDS)


def main() -> int:
    """Return the exit code: 0 when all that could run found nothing."""
    if not is_installed():
        print(f"NOT RUN  {ABSENT}")
        return int(os.environ.get("CI") == "true")
    # Both are run, so that one look shows everything.
    codes = [
        subprocess.run([PROGRAMS / name, *more], cwd=ROOT, check=False).returncode
        for name, *more in COMMANDS
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
