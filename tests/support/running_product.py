"""The product as it runs in production, in processes of its own that a test may kill."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from tests.conftest import KEY
from tests.support.paths import ROOT
from tests.support.ports import reserve_port

OPENED_WITHIN_S = 180.0


class Part:
    """One process with its children: started, killed without a warning, started again."""

    def __init__(self, command: list[str], environ: dict[str, str], log: Path) -> None:
        self._command, self._environ, self._log = command, environ, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the session that `start` made, and to nothing else."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


class Product:
    """The web server (two processes) and the worker, on one database."""

    def __init__(self, instance: Path, database_url: str, **environ: str) -> None:
        self._resources = contextlib.ExitStack()
        self.port = self._resources.enter_context(reserve_port())
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "FLASK_APP": "app.py",
            "CLINIC_INSTANCE": str(instance),
            "DATABASE_URL": database_url,
            "BASE_URL": f"http://127.0.0.1:{self.port}",
            "SECRET_KEY": "a secret for tests, long enough to be taken",
            "CLINIC_ENCRYPTION_KEYS": KEY,
            "CLINIC_RATE_LIMITS": "off",
            "REQUIRE_STAFF_2FA": "off",
        } | environ
        web = [sys.executable, "-m", "gunicorn", "app:create_app()"]
        web += ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--preload"]
        self.web = Part(web, environment, instance / "web.log")
        self.worker = Part(
            [sys.executable, "-m", "flask", "worker"], environment, instance / "worker.log"
        )

    def __enter__(self) -> Self:
        self.web.start()
        self.worker.start()
        self.wait_until_it_answers()
        return self

    def __exit__(self, *_error: object) -> None:
        self.web.kill()
        self.worker.kill()
        self._resources.close()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + OPENED_WITHIN_S
        while time.monotonic() < deadline:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("the product did not open")

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """One request over a connection of its own; `OSError` when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            data = None if body is None else json.dumps(body)
            sent = {"Content-Type": "application/json"} | headers
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (http.client.HTTPException, json.JSONDecodeError) as broken_off:
            raise ConnectionError from broken_off
        finally:
            connection.close()
