"""What is read of a served clinic while it is used: processes, files and transactions."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from benchmarks.served_clinic import ServedClinic

WATCHED = ("outbox_message", "hold")
"""Tables whose rows come, change and go with every booking."""


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """One process: resident memory in bytes, and open files."""

    memory: int
    files: int


def read_processes(clinic: ServedClinic) -> dict[str, ProcessReading]:
    """Every process of the clinic by its part and id, for instance `worker 4711`."""
    children = _children()
    found, waiting = {}, [clinic.process_id]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        with suppress(OSError):  # it has ended meanwhile
            found[f"{_part(process)} {process}"] = ProcessReading(_memory(process), _files(process))
    return found


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            found.setdefault(int(fields[1]), []).append(int(path.parent.name))
    return found


def _part(process: int) -> str:
    words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
    return next((part for part in ("gunicorn", "worker", "serve") if part in words), "other")


def _memory(process: int) -> int:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


class SqliteReadings:
    """A file and its write-ahead log. Who has a transaction open cannot be asked."""

    def __init__(self, url: str) -> None:
        self._path = Path(make_url(url).database or "")
        self.largest_log = 0

    def sizes(self) -> tuple[int, int]:
        """The database and its log, in bytes."""
        log = self._path.with_name(f"{self._path.name}-wal")
        return self._path.stat().st_size, log.stat().st_size if log.exists() else 0

    def look(self) -> None:
        """Remember the largest log."""
        self.largest_log = max(self.largest_log, self.sizes()[1])

    def log_can_be_emptied(self) -> bool:
        """Whether a checkpoint moves everything: nobody reads or writes."""
        with closing(sqlite3.connect(self._path, timeout=5)) as connection:
            moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(moved == (0, 0, 0))


class PostgresqlReadings:
    """What the server says about the sessions and tables of one database; times in seconds."""

    def __init__(self, url: str) -> None:
        plain = make_url(url).set(drivername="postgresql")
        self._connection = psycopg.connect(
            plain.render_as_string(hide_password=False), autocommit=True
        )
        self.longest_transaction = self.longest_idle = 0.0

    def close(self) -> None:
        self._connection.close()

    def sizes(self) -> tuple[int, int]:
        """The database in bytes; its log belongs to the whole server and counts as none."""
        return int(self._one("SELECT pg_database_size(current_database())")[0]), 0

    def look(self) -> None:
        """Remember the longest transaction, and the longest that asked for nothing."""
        longest, idle = self._one("""
            SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0),
                coalesce(max(extract(epoch FROM clock_timestamp() - state_change))
                    FILTER (WHERE state LIKE 'idle in transaction%'), 0)
            FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend'
            AND pid <> pg_backend_pid()
        """)
        self.longest_transaction = max(self.longest_transaction, float(longest))
        self.longest_idle = max(self.longest_idle, float(idle))

    def dead_rows(self) -> int:
        """Rows of the watched tables that nobody sees any longer."""
        self._connection.execute("SELECT pg_stat_clear_snapshot()")
        query = "SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE relname = ANY(%s)"
        found = self._connection.execute(query, (list(WATCHED),)).fetchone()
        return int(found[0] or 0) if found else 0

    def clean(self) -> None:
        """Have the server remove what it may: what an open transaction could see stays."""
        for table in WATCHED:
            self._connection.execute(f'VACUUM "{table}"')

    def _one(self, query: str) -> tuple[float, ...]:
        found = self._connection.execute(query).fetchone()
        assert found is not None
        return tuple(found)
