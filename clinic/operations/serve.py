"""`make run`: bring the database up to date, then serve the web app beside its worker.

The web app runs under gunicorn, as `gunicorn.conf.py` says, and the worker as a process of its own.
A worker that ends is started again. gunicorn starts its own processes again; when gunicorn itself
ends, it could not start or was told to, so everything ends. Ctrl-C and SIGTERM end both.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import click
import sqlalchemy as sa
from flask_migrate import upgrade

from clinic.config import Settings
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.crypto.data_keys import check_keys
from clinic.foundation.errors import ClinicError
from clinic.operations.supervision import SupervisedProcess
from clinic.practice.models import Clinic
from clinic.sample_data.demo import load_demo
from clinic.sample_data.demo_people import PASSWORD

GUNICORN_CONF = Path(__file__).parents[2] / "gunicorn.conf.py"
OPENED_WITHIN_S = 30
ENDED_WITHIN_S = 10


class CannotServe(ClinicError):
    """Something stands in the way of serving."""

    code = "cannot-serve"


def serve(settings: Settings) -> None:
    """Serve until stopped. Raises `CannotServe` with one clear sentence."""
    _port_must_be_free(settings.port)
    prepare_database(settings)
    parts: list[SupervisedProcess] = []
    _end_in_order()
    try:
        parts.append(web := SupervisedProcess("The web server", _web_command()))
        parts.append(worker := SupervisedProcess("The worker", _worker_command()))
        _print_addresses(settings, web.process)
        _supervise(web.process, worker)
    except KeyboardInterrupt:
        return
    finally:
        _stop([part.process for part in parts])


def prepare_database(settings: Settings) -> None:
    """Migrate, and load the demo clinic into an empty database."""
    try:
        _must_be_ours()
        upgrade()
        check_keys()
        with db.engine.connect() as connection:
            empty = connection.execute(sa.select(Clinic.id).limit(1)).first() is None
        if empty and not settings.production:
            load_demo(settings, now=clock.now())
    except sa.exc.DatabaseError as error:
        said = " ".join(str(error.orig).split())  # drivers write several lines
        raise CannotServe(f"The database cannot be used: {said}") from error
    finally:
        db.session.remove()
        db.engine.dispose()


def _must_be_ours() -> None:
    tables = set(sa.inspect(db.engine).get_table_names())
    if tables and "alembic_version" not in tables:
        raise CannotServe("The database holds other tables than ours; please name another one.")


def _port_must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotServe(
                f"Port {port} is taken. Set PORT to another one, for instance PORT={port + 1}."
            ) from None


def _end_in_order() -> None:
    """A SIGTERM ends the parts as Ctrl-C does, from the first moment on."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


def _web_command() -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_CONF), "app:create_app()"]


def _worker_command() -> list[str]:
    return [sys.executable, "-m", "flask", "worker"]


def _print_addresses(settings: Settings, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + OPENED_WITHIN_S
    while time.monotonic() < deadline:
        if web.poll() is not None:
            return
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", settings.port)) == 0:
                break
        time.sleep(0.1)
    click.echo(f"\nServing on {settings.base_url}  (Ctrl-C ends it)")
    if (settings.instance / "demo.json").exists():
        click.echo("The demo clinic and everyone in it are made up; no second factor is asked for.")
        for who in ("admin", "desk", "ines", "daniel", "marta"):
            click.echo(f"  {who + '@harbour-lane.example':<32} {PASSWORD}")


def _supervise(web: subprocess.Popen[bytes], worker: SupervisedProcess) -> None:
    while web.poll() is None:
        worker.restart_when_due()
        time.sleep(0.2)
    raise CannotServe(
        f"The web server ended by itself (exit code {web.returncode}); see what it said above."
    )


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask each part to end; whatever is left of its group after a while is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must leave nothing behind
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + ENDED_WITHIN_S
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
