"""`gunicorn.conf.py` with the product: what it is started with, what it says, what it refuses."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import POSTGRESQL
from tests.support.commands import PRODUCTION, ROOT, environment

PATIENCE_S = 120
NOTICE = "TRUSTED_PROXIES is not set"
on_sqlite = pytest.mark.skipif(POSTGRESQL is not None, reason="about the settings, not the tables")


def gunicorn(*options: str, instance: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run gunicorn to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", *options],
        cwd=ROOT,
        env=environment(instance, **environ),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def started(instance: Path, **environ: str) -> str:
    """What gunicorn says until its workers are there, and it is told to end."""
    log = instance / "log"
    options = ["--log-level", "info", "--bind", "127.0.0.1:0", "tests.support.echo_app:app"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options],
            cwd=ROOT,
            env=environment(instance, **environ),
            stdout=file,
            stderr=file,
        )
        deadline = time.monotonic() + PATIENCE_S
        while "Booting worker" not in log.read_text() and time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_S)
    return log.read_text()


@pytest.mark.one_database
def test_command_of_the_readme_starts_what_is_written_in_the_file(tmp_path):
    said = gunicorn("--print-config", "app:create_app()", instance=tmp_path, PORT="8123").stdout
    found = dict(re.findall(r"^(\w+) += (.*)$", said, re.MULTILINE))
    wanted = {
        "bind": "['127.0.0.1:8123']",
        "worker_class": "clinic.operations.buffering_worker.BufferingWorker",
        "threads": "4",
        "timeout": "60",
        "graceful_timeout": "8",
        "limit_request_line": "4094",
        "limit_request_fields": "64",
        "limit_request_field_size": "8190",
        "max_requests": "10000",
        "forwarded_allow_ips": "[]",
        "forwarder_headers": "[]",
        "secure_scheme_headers": "{}",
        "control_socket_disable": "True",
    }

    assert {name: found.get(name) for name in wanted} == wanted
    assert 2 <= int(found["workers"]) <= 8


@pytest.mark.one_database
def test_readme_names_the_command():
    assert "gunicorn 'app:create_app()'" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.one_database
@pytest.mark.parametrize(("stated", "times"), [({}, 1), ({"TRUSTED_PROXIES": "0"}, 0)])
def test_unstated_number_of_proxies_is_said_once_at_the_start(tmp_path, stated, times):
    assert started(tmp_path, **PRODUCTION | stated).count(NOTICE) == times


@pytest.mark.one_database
def test_setting_that_production_refuses_is_one_line(tmp_path):
    weak = PRODUCTION | {"SECRET_KEY": "a" * 40}

    ended = gunicorn("app:create_app()", instance=tmp_path, **weak)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"Error: SECRET_KEY can be guessed: .+\n", ended.stderr)


@on_sqlite
def test_demo_clinic_in_production_ends_gunicorn_with_its_reason(demo, database_url, tmp_path):
    stated = PRODUCTION | {"DATABASE_URL": database_url, "TRUSTED_PROXIES": "0"}

    options = ("--bind", "127.0.0.1:0", "--workers", "1")
    ended = gunicorn("app:create_app()", *options, instance=tmp_path, **stated)

    assert ended.returncode != 0
    assert "CLINIC_ENV=production does not start on a database that holds the demo" in ended.stderr
    assert "Traceback" not in ended.stderr
