"""A PostgreSQL server of our own for the length of a test run, on a Unix socket only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def server_programs() -> Path | None:
    """Where initdb and pg_ctl are, the newest version first; None when not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


FOR_A_SHORT_LIFE = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c max_wal_size=256MB"
"""The server is thrown away whole; what its disk keeps is of no interest."""

ROOM = 2 * 1024**3


@contextmanager
def running_server() -> Iterator[str]:
    """Make a cluster, start it without fsync, give its URL, and take it all away again."""
    programs = server_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="clinic-pg-", dir=_in_memory()))
    as_user = _unprivileged(folder)
    data = folder / "data"
    _run(as_user, programs / "initdb", "-D", data, "-U", "clinic", "-A", "trust", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' {FOR_A_SHORT_LIFE} -c max_connections=200"
    try:
        log = folder / "log"
        _run(as_user, programs / "pg_ctl", "-D", data, "-w", "-o", options, "-l", log, "start")
        yield f"postgresql+psycopg://clinic@/postgres?host={folder}"
    finally:
        _run(as_user, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> str | None:
    """Where there is room: each test has a database of some 600 files, cheap to copy only there."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= ROOM
    return str(memory) if has_room else None


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: its own user is used then."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return "postgres"


def _run(as_user: str | None, *command: object) -> None:
    words = [str(word) for word in command]
    if as_user is None:
        subprocess.run(words, check=True, capture_output=True, cwd="/")
        return
    subprocess.run(words, check=True, capture_output=True, cwd="/", user=as_user)
