"""`flask serve` as people run it: a process of its own, stopped by a signal or by what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from clinic.extensions import db
from clinic.foundation.database import transactions
from clinic.foundation.database.transactions import session
from clinic.operations import serve
from clinic.operations.serve import CannotServe, prepare_database
from clinic.practice.models import Clinic
from tests.conftest import POSTGRESQL
from tests.support.commands import PRODUCTION, ROOT, environment, flask

on_sqlite = pytest.mark.skipif(POSTGRESQL is not None, reason="about the SQLite file")


PATIENCE_S = 120
"""For a machine that has other things to do."""


@contextmanager
def serving(instance: Path, port: int, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A clinic that is being served; whatever is left of it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "serve"],
        cwd=ROOT,
        env=environment(instance, PORT=str(port), **environ or {"CLINIC_RATE_LIMITS": "off"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
        if process.poll() is None:
            process.kill()
        process.communicate()


def children_of(pid: int) -> list[int]:
    """Every process below this one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid:
            child = int(stat.parent.name)
            found += [child, *children_of(child)]
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def one_line(result: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """The exit code and the one line of errors."""
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, result.stderr
    return result.returncode, lines[0]


@pytest.fixture
def instance(template_database, tmp_path):
    """A folder with a migrated, empty SQLite database, so that nothing is migrated again."""
    folder = tmp_path / "instance"
    folder.mkdir()
    if POSTGRESQL is None:
        shutil.copy(template_database, folder / "clinic.db")
    return folder


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@on_sqlite
def test_signal_ends_all_of_it(instance, how, reserved_port):
    with serving(instance, reserved_port) as process:
        assert wait_for(lambda: answers(reserved_port))
        below = children_of(process.pid)
        assert len(below) >= 3  # gunicorn, its workers, the worker of the outbox

        process.send_signal(how)
        process.wait(timeout=PATIENCE_S)

        assert process.returncode == 0
        assert wait_for(lambda: not any(is_running(pid) for pid in below))
        assert not answers(reserved_port)
        said = process.stdout.read()
    assert f"Serving on http://127.0.0.1:{reserved_port}" in said
    assert "Traceback" not in said


def test_what_does_not_end_by_itself_is_killed_after_ten_seconds(monkeypatch):
    waited = []

    class Stubborn(subprocess.Popen):
        def wait(self, timeout=None):
            waited.append(timeout)
            return super().wait(None if timeout is None else 0.1)

    monkeypatch.setattr(signal, "signal", lambda _which, _what: None)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(900)"
    process = Stubborn([sys.executable, "-c", deaf], stdout=subprocess.PIPE, start_new_session=True)
    process.stdout.readline()

    serve._stop([process])

    assert process.returncode == -signal.SIGKILL
    assert [timeout is None or timeout <= 10 for timeout in waited] == [True, True]
    process.stdout.close()


@on_sqlite
def test_signal_while_it_starts_leaves_nothing_behind(instance, reserved_port):
    with serving(instance, reserved_port) as process:
        assert wait_for(lambda: len(children_of(process.pid)) >= 2)
        below = children_of(process.pid)

        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)

        assert wait_for(lambda: not any(is_running(pid) for pid in below))


def command_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def outbox_worker(process: subprocess.Popen[str]) -> int | None:
    found = [pid for pid in children_of(process.pid) if b"\0worker\0" in command_of(pid)]
    return found[0] if found else None


@on_sqlite
def test_worker_that_ends_is_started_again_and_the_web_goes_on(instance, reserved_port):
    with serving(instance, reserved_port, **PRODUCTION) as process:
        assert wait_for(lambda: answers(reserved_port))
        first = outbox_worker(process)
        os.kill(first, signal.SIGKILL)

        assert wait_for(lambda: outbox_worker(process) not in {None, first})
        assert answers(reserved_port)

        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)
        said = process.stdout.read()
    assert process.returncode == 0
    assert "The worker ended by itself (exit code -9); it is started again in 1 s." in said
    assert said.count("TRUSTED_PROXIES is not set") == 1


@on_sqlite
def test_end_of_the_web_server_ends_the_rest_and_is_said(instance, reserved_port):
    with serving(instance, reserved_port) as process:
        assert wait_for(lambda: answers(reserved_port))
        below = children_of(process.pid)
        server = next(
            child
            for child in below
            if b"gunicorn" in command_of(child) and set(children_of(child)) & set(below)
        )
        os.kill(server, signal.SIGKILL)

        process.wait(timeout=PATIENCE_S)

        assert process.returncode == 1
        assert wait_for(lambda: not any(is_running(pid) for pid in below))
        said = process.stdout.read()
    assert "Error: The web server ended by itself (exit code -9); see what it said above." in said


def test_taken_port_is_one_line_and_exit_code_one(instance):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        result = flask("serve", instance=instance, PORT=str(port))

    assert one_line(result) == (
        1,
        f"Error: Port {port} is taken. Set PORT to another one, for instance PORT={port + 1}.",
    )


def test_foreign_database_is_one_line_and_stays_as_it_was(tmp_path, reserved_port):
    file = tmp_path / "clinic.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")
        connection.commit()

    result = flask("serve", instance=tmp_path, PORT=str(reserved_port))

    assert one_line(result) == (
        1,
        "Error: The database holds other tables than ours; please name another one.",
    )
    with closing(sqlite3.connect(file)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("theirs",)]


def test_file_that_is_no_database_is_one_line(tmp_path, reserved_port):
    (tmp_path / "clinic.db").write_text("this is a letter, not a database\n" * 100)

    result = flask("serve", instance=tmp_path, PORT=str(reserved_port))

    assert one_line(result) == (
        1,
        "Error: The database cannot be used: file is not a database",
    )


def test_database_of_a_later_release_is_one_line(tmp_path, instance, reserved_port):
    file = instance / "clinic.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        connection.execute("DELETE FROM alembic_version")
        connection.execute("INSERT INTO alembic_version VALUES ('from_the_future')")
        connection.commit()

    result = flask("serve", instance=instance, PORT=str(reserved_port))

    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_server_that_is_away_is_one_line(tmp_path, reserved_port):
    url = "postgresql+psycopg://nobody@127.0.0.1:9/clinic"

    code, said = one_line(
        flask("serve", instance=tmp_path, PORT=str(reserved_port), DATABASE_URL=url)
    )

    assert (code, said.startswith("Error: The database cannot be used: ")) == (1, True)


@on_sqlite
def test_locked_database_is_said_and_not_waited_for_for_ever(app, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(transactions, "BUSY_TIMEOUT_MS", 200)
    with closing(sqlite3.connect(tmp_path / "clinic.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with app.app_context(), pytest.raises(CannotServe) as refused:
            prepare_database(settings)

    assert str(refused.value) == "The database cannot be used: database is locked"


def test_empty_database_is_given_the_demo_and_a_second_start_keeps_it(app, settings, tmp_path):
    with app.app_context():
        prepare_database(settings)
        first = session().scalar(select(Clinic.id))
        told = (tmp_path / "demo.json").read_bytes()
        prepare_database(settings)

        assert session().scalars(select(Clinic.id)).all() == [first]
        assert "alembic_version" in inspect(db.engine).get_table_names()
    assert (tmp_path / "demo.json").read_bytes() == told


def test_production_is_never_given_the_demo(app, settings, tmp_path):
    with app.app_context():
        prepare_database(replace(settings, production=True))

        assert session().scalars(select(Clinic.id)).all() == []
    assert not (tmp_path / "demo.json").exists()
