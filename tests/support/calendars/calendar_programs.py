"""Reads a feed the way a subscriber does: vdirsyncer fetches it over HTTP, khal shows it.

Both are the real programs. `sync_and_list` may be called again with the same folder to see what
a subscriber sees after a change.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

_FIELDS = ("title", "start-long", "end-long", "location", "status", "cancelled")

_VDIRSYNCER = """\
[general]
status_path = "{folder}/status/"

[pair subscription]
a = "feed"
b = "calendar"
collections = null
conflict_resolution = "a wins"
partial_sync = "revert"

[storage feed]
type = "http"
url = "{url}"

[storage calendar]
type = "filesystem"
path = "{folder}/calendar/"
fileext = ".ics"
"""

_KHAL = """\
[calendars]
[[subscription]]
path = {folder}/calendar/
readonly = {readonly}

[sqlite]
path = {folder}/khal.db

[locale]
local_timezone = {time_zone}
default_timezone = {time_zone}
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry as khal shows it; times are wall times of the reader's zone.

    The UID is left out: for a feed over HTTP vdirsyncer puts a hash of the entry in its place.
    """

    title: str
    starts: str
    ends: str
    location: str
    status: str
    cancelled: bool


@dataclass
class ServedFeed:
    """A feed on a local server; change `body` to publish a new version."""

    url: str
    body: bytes


@contextmanager
def served(body: bytes) -> Iterator[ServedFeed]:
    """Serves `body` as a feed at a local address for as long as the block runs."""
    feed = ServedFeed("", body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Content-Length", str(len(feed.body)))
            self.end_headers()
            self.wfile.write(feed.body)

        def log_message(self, *_args):
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        feed.url = f"http://127.0.0.1:{server.server_address[1]}/feed.ics"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield feed
        finally:
            server.shutdown()
            thread.join()


def sync_and_list(
    feed_url: str, folder: Path, *, first: date, days: int = 7, time_zone: str = "Europe/Lisbon"
) -> list[Shown]:
    """What khal lists for `days` days from `first` after vdirsyncer fetched `feed_url`."""
    sync(feed_url, folder)
    return listed(folder, first=first, days=days, time_zone=time_zone)


def sync(feed_url: str, folder: Path) -> list[str]:
    """Fetches the feed into `folder`; the texts of the files vdirsyncer now keeps, sorted."""
    (folder / "calendar").mkdir(parents=True, exist_ok=True)
    config = folder / "vdirsyncer.ini"
    config.write_text(_VDIRSYNCER.format(folder=folder, url=feed_url), encoding="utf-8")
    for command in ("discover", "sync"):
        _run("vdirsyncer", "-c", str(config), command, folder=folder)
    return sorted(
        path.read_bytes().decode().replace("\r\n", "\n")
        for path in (folder / "calendar").glob("*.ics")
    )


def listed(folder: Path, *, first: date, days: int, time_zone: str) -> list[Shown]:
    """What khal lists from the files in `folder`, in its order, each entry once."""
    last = first + timedelta(days=days - 1)
    fields = [option for field in _FIELDS for option in ("--json", field)]
    output = _khal("list", "--once", *fields, str(first), str(last), folder=folder, zone=time_zone)
    days_shown = (json.loads(line) for line in output.splitlines() if line.startswith("["))
    return [
        Shown(
            title=entry["title"],
            starts=entry["start-long"],
            ends=entry["end-long"],
            location=entry["location"],
            status=entry["status"].strip(),
            cancelled=bool(entry["cancelled"]),
        )
        for day in days_shown
        for entry in day
    ]


def imported(body: bytes, folder: Path, *, time_zone: str = "Europe/Lisbon") -> None:
    """Lets khal take the file into the calendar in `folder`, as from a mail."""
    (folder / "calendar").mkdir(parents=True, exist_ok=True)
    (folder / "mail.ics").write_bytes(body)
    options = ("import", "--batch", "-a", "subscription", str(folder / "mail.ics"))
    _khal(*options, folder=folder, zone=time_zone, readonly=False)


def shown_at(folder: Path, *, moment: str, time_zone: str = "Europe/Lisbon") -> list[str]:
    """The titles khal shows for what goes on at `moment` (`2026-12-01 10:30`, a wall time)."""
    options = ("at", "--format", "{title}", "--day-format", "", *moment.split())
    return _khal(*options, folder=folder, zone=time_zone).split("\n")[:-1]


def _khal(*arguments: str, folder: Path, zone: str, readonly: bool = True) -> str:
    config = folder / "khal.ini"
    told = _KHAL.format(folder=folder, time_zone=zone, readonly=readonly)
    config.write_text(told, encoding="utf-8")
    return _run("khal", "-c", str(config), "--no-color", *arguments, folder=folder)


def _run(program: str, *arguments: str, folder: Path) -> str:
    environment = {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PATH": os.environ["PATH"],
        "COLUMNS": "500",
    }
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{program} {arguments}: {done.stdout}{done.stderr}"
    return done.stdout
