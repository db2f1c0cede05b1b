"""A steady load for some minutes: does anything grow, fail, or stay open?

`python -m benchmarks.soak --minutes 10` on SQLite, with `--database` naming a PostgreSQL server
(postgresql+psycopg://user@host:port/postgres) on a new database there. Prints one table, and
ends with status 1 when a bound is broken.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.served_clinic import ServedClinic, served_clinic
from benchmarks.soak_load import Load
from benchmarks.soak_readings import (
    PostgresqlReadings,
    ProcessReading,
    SqliteReadings,
    read_processes,
)

MB = 1024 * 1024
LOOK_EVERY_S = 0.2
WARM_UP_S = 60.0
MEMORY_GROWTH = 0.10
MEMORY_SPARE = 8 * MB
MORE_FILES = 10
LARGEST_LOG = 16 * MB
LONGEST_TRANSACTION_S = 10.0
LONGEST_IDLE_S = 1.0
DEAD_ROWS = 5_000
SIZE_PER_BOOKING = 64 * 1024
SIZE_SPARE = 32 * MB


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `is_within` says whether the bound holds."""

    what: str
    found: str
    bound: str = ""
    is_within: bool = True

    def __str__(self) -> str:
        return f"{self.what:<36} {self.found:<34} {self.bound:<28} {self._verdict()}".rstrip()

    def _verdict(self) -> str:
        if not self.bound:
            return ""
        return "ok" if self.is_within else "BROKEN"


Readings = SqliteReadings | PostgresqlReadings


def run(*, minutes: float, server: str | None) -> list[Row]:
    """Serve, load and read for so long; the lines of the table."""
    seconds = minutes * 60
    with served_clinic(server) as clinic:
        url = clinic.database_url
        readings: Readings = SqliteReadings(url) if server is None else PostgresqlReadings(url)
        sizes = readings.sizes()
        with Load(clinic) as load, _looking(readings):
            time.sleep(min(WARM_UP_S, seconds / 3))
            started = read_processes(clinic)
            time.sleep(seconds - min(WARM_UP_S, seconds / 3))
            ended = read_processes(clinic)
        return [
            *_requests(load, seconds),
            *_processes(started, ended),
            *_sizes(sizes, readings.sizes(), bookings=load.bookings),
            *(_sqlite(readings) if isinstance(readings, SqliteReadings) else _server(readings)),
            _tracebacks(clinic),
        ]


@contextmanager
def _looking(readings: Readings) -> Iterator[None]:
    """Look again and again until the block ends."""
    ending = threading.Event()

    def look() -> None:
        while not ending.wait(LOOK_EVERY_S):
            readings.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _requests(load: Load, seconds: float) -> list[Row]:
    total = load.answers.total()
    by_status = " ".join(f"{status}:{count}" for status, count in sorted(load.answers.items()))
    failed = sum(n for status, n in load.answers.items() if status >= "5" or status == "none")
    return [
        Row("requests", f"{total} ({total / seconds:.1f}/s)"),
        Row("answers by status", by_status),
        Row("bookings", str(load.bookings), "some", load.bookings > 0),
        Row("5xx or no answer", str(failed), "0", failed == 0),
    ]


def _processes(started: dict[str, ProcessReading], ended: dict[str, ProcessReading]) -> list[Row]:
    rows = [Row("processes", str(len(ended)), "the same", started.keys() == ended.keys())]
    for name in sorted(started.keys() & ended.keys()):
        before, after = started[name], ended[name]
        memory = before.memory * (1 + MEMORY_GROWTH) + MEMORY_SPARE
        rows += [
            Row(
                f"memory of {name}",
                f"{before.memory / MB:.1f} -> {after.memory / MB:.1f} MB",
                f"at most {memory / MB:.1f} MB",
                after.memory <= memory,
            ),
            Row(
                f"open files of {name}",
                f"{before.files} -> {after.files}",
                f"at most {before.files + MORE_FILES}",
                after.files <= before.files + MORE_FILES,
            ),
        ]
    return rows


def _sizes(before: tuple[int, int], after: tuple[int, int], *, bookings: int) -> list[Row]:
    most = sum(before) + SIZE_SPARE + bookings * SIZE_PER_BOOKING
    return [
        Row("database", f"{before[0] / MB:.1f} -> {after[0] / MB:.1f} MB"),
        Row("log", f"{before[1] / MB:.1f} -> {after[1] / MB:.1f} MB"),
        Row(
            "both together",
            f"{sum(before) / MB:.1f} -> {sum(after) / MB:.1f} MB",
            f"at most {most / MB:.1f} MB",
            sum(after) <= most,
        ),
    ]


def _sqlite(readings: SqliteReadings) -> list[Row]:
    largest, is_free = readings.largest_log, readings.log_can_be_emptied()
    return [
        Row(
            "largest log seen",
            f"{largest / MB:.1f} MB",
            f"at most {LARGEST_LOG / MB:.0f} MB",
            largest <= LARGEST_LOG,
        ),
        Row("log can be emptied at the end", "yes" if is_free else "no", "yes", is_free),
    ]


def _server(readings: PostgresqlReadings) -> list[Row]:
    seen = readings.dead_rows()
    readings.clean()
    kept = readings.dead_rows()
    longest, idle = readings.longest_transaction, readings.longest_idle
    readings.close()
    return [
        Row("dead rows of outbox and holds", str(seen), f"at most {DEAD_ROWS}", seen <= DEAD_ROWS),
        Row("dead rows that cannot be removed", str(kept), "0", kept == 0),
        Row(
            "longest transaction",
            f"{longest:.2f} s",
            f"at most {LONGEST_TRANSACTION_S:.0f} s",
            longest <= LONGEST_TRANSACTION_S,
        ),
        Row(
            "longest idle in transaction",
            f"{idle:.2f} s",
            f"at most {LONGEST_IDLE_S:.0f} s",
            idle <= LONGEST_IDLE_S,
        ),
    ]


def _tracebacks(clinic: ServedClinic) -> Row:
    count = clinic.log.count("Traceback (most recent call last)")
    return Row("tracebacks in the log", str(count), "0", count == 0)


def main() -> int:
    """Run as the arguments say; 1 when a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--database", help="a PostgreSQL server; without it on SQLite")
    options = parser.parse_args()
    rows = run(minutes=options.minutes, server=options.database)
    print(*rows, sep="\n")
    return 0 if all(row.is_within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
