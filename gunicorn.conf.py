"""How gunicorn serves the clinic: read by gunicorn itself, for `flask serve` and for production.

`gunicorn 'app:create_app()'` in the project's folder takes it from here; options on the command
line, such as `--bind` or `--workers`, win over it.
"""

from __future__ import annotations

import os
from typing import Any

from clinic.config import SettingsError, read_settings

try:
    _settings = read_settings()
except SettingsError as error:
    raise SystemExit(f"Error: {error}") from None

# Whoever is in front of it reaches it here; nobody else does.
bind = f"127.0.0.1:{_settings.port}"

# Requests are collected by the event loop and answered in threads: no client that is slow, or
# never finishes what it sends, occupies a thread. Its time limits stand in that module.
worker_class = "clinic.operations.buffering_worker.BufferingWorker"
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
workers = min(max(2, _cores), 8)
threads = 4
worker_connections = 1000

keepalive = 15  # seconds a connection may stay without a request
timeout = 60  # seconds without a sign of life of a worker's event loop
graceful_timeout = 8  # seconds for what is under way, when told to end
max_requests = (
    10_000  # of one worker, then a fresh one takes its place: bounds what a leak can cost
)
max_requests_jitter = 1_000

limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Headers of a proxy are believed in one place, by the application and as far as TRUSTED_PROXIES
# goes (`clinic/web/app_setup.py`); gunicorn itself believes none, from nobody.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

control_socket_disable = True
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Tell the operator once, before the workers start."""
    for notice in _settings.start_notices:
        server.log.warning(notice)
