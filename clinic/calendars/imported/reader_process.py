"""Reading an outside calendar in a process of its own, which is ended when it takes too much.

`python -m clinic.calendars.imported.reader_process` reads from standard input its options (a line
of JSON) and the file, and writes one JSON object: `{"busy": [[start, end], …], "warnings": […]}` or
`{"error": …}`. Whatever the file, it costs at most 10 seconds and 512 MiB.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.imported.reader.limits import (
    CPU_SECONDS,
    MAX_CALENDAR_BYTES,
    MEMORY_BYTES,
    WALL_SECONDS,
    OutsideBroken,
)

TOO_MUCH = "The calendar takes too long or too much memory to read."
TOO_LARGE = "The calendar file is larger than 10 MB."
_ROOT = Path(__file__).resolve().parents[3]


def preview_calendar(
    data: bytes,
    *,
    window: Interval,
    zone: str,
    ignore_all_day: bool = False,
    own_uids: Collection[str] = (),
) -> dict[str, Any]:
    """What `data` would block, as JSON values: `busy` and `warnings`, or `error`.

    Never raises for what is in the file, and returns within about 10 seconds.
    """
    if len(data) > MAX_CALENDAR_BYTES:
        return {"error": TOO_LARGE}
    options = {
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "zone": zone,
        "ignore_all_day": ignore_all_day,
        "own_uids": sorted(own_uids),
    }
    request = json.dumps(options).encode() + b"\n" + data
    return _answer(_run(request))


def spans_of(answer: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    """The busy spans of an answer without `error`, as aware UTC instants."""
    return [
        (datetime.fromisoformat(start).astimezone(UTC), datetime.fromisoformat(end).astimezone(UTC))
        for start, end in answer["busy"]
    ]


def _run(request: bytes) -> bytes | None:
    # Files instead of pipes: nothing can block, and nothing can flood our own memory.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answered:
        given.write(request)
        given.seek(0)
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "clinic.calendars.imported.reader_process"],
                stdin=given,
                stdout=answered,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={},  # no secrets for a process that reads what strangers wrote
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None  # run() has killed it
        answered.seek(0)
        return answered.read(MAX_CALENDAR_BYTES) if ended.returncode == 0 else None


def _answer(written: bytes | None) -> dict[str, Any]:
    try:
        answer = json.loads(written or b"")
    except ValueError:
        return {"error": TOO_MUCH}
    return answer if isinstance(answer, dict) else {"error": TOO_MUCH}


def main() -> int:
    """The child: limits first, then everything else."""
    _limit_self()
    try:
        answer = _read_all()
    except (MemoryError, RecursionError):
        answer = {"error": TOO_MUCH}
    json.dump(answer, sys.stdout)
    return 0


def _limit_self() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_all() -> dict[str, Any]:
    from clinic.calendars.imported.reader.busy_times import busy_from_ics  # noqa: PLC0415 - within the limits

    options = json.loads(sys.stdin.buffer.readline())
    try:
        found = busy_from_ics(
            sys.stdin.buffer.read(MAX_CALENDAR_BYTES + 1),
            window=Interval(
                datetime.fromisoformat(options["from"]), datetime.fromisoformat(options["to"])
            ),
            zone=options["zone"],
            ignore_all_day=options["ignore_all_day"],
            own_uids=options["own_uids"],
        )
    except OutsideBroken as error:
        return {"error": str(error)}
    spans = [[_instant(start), _instant(end)] for start, end in found.busy]
    return {"busy": spans, "warnings": found.warnings}


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    sys.exit(main())
