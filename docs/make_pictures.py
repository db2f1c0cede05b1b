"""Draws the pictures of the README: `.venv/bin/python -m docs.make_pictures`.

The demo clinic is served from a temporary folder at a fixed moment, so that a picture changes
only when the pages do. Needs Chromium.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from clinic.config import read_settings
from clinic.extensions import db
from clinic.sample_data.demo import load_demo
from clinic.sample_data.demo_people import PASSWORD

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday morning: the week shown is a full one."""
PICTURES = Path(__file__).parent / "pictures"
TIMES = "/book/times?therapist=ines-duarte"
LEDGER = "/desk/couples/C-0001/ledger"
THERAPIST = "ines@harbour-lane.example"
PHONE = {"width": 360, "height": 930}
DESKTOP = {"width": 1120, "height": 940}
DESK = {"width": 1280, "height": 940}
FRAME = """<!doctype html><style>
body { margin: 0; padding: 36px 40px; display: flex; gap: 36px; align-items: center;
       background: #e9e2d5; width: max-content; }
img { display: block; border-radius: 12px; box-shadow: 0 12px 40px rgb(60 48 24 / 22%); }
.desktop { width: 900px; }
.phone { width: 292px; border-radius: 22px; }
</style><img class="desktop" src="DESKTOP"><img class="phone" src="PHONE">"""


class _Quiet(WSGIRequestHandler):
    def log(self, *_args: object, **_more: object) -> None:
        """Say nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, Flask("none"), threaded=True, request_handler=_Quiet)
    address = f"http://127.0.0.1:{server.server_port}"
    settings = read_settings(
        {"CLINIC_INSTANCE": str(folder), "BASE_URL": address, "CLINIC_NOW": NOW.isoformat()}
    )
    app = create_app(settings)
    with app.app_context():
        upgrade()
        load_demo(settings, now=NOW)
        db.session.remove()
    server.app = app
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()


def _page(browser: Browser, size: dict[str, int]) -> Page:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        locale="en-GB",
        timezone_id="Europe/Lisbon",
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    return context.new_page()


def _as_address(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def _seen(browser: Browser, address: str, size: dict[str, int]) -> str:
    """The page as a data address."""
    page = _page(browser, size)
    page.goto(address, wait_until="networkidle")
    return _as_address(page.screenshot())


def _draw_booking(browser: Browser, site: str) -> None:
    frame = FRAME.replace("DESKTOP", _seen(browser, site + TIMES, DESKTOP))
    frame = frame.replace("PHONE", _seen(browser, site + TIMES, PHONE))
    page = browser.new_page(viewport={"width": 1308, "height": 820})
    page.set_content(frame, wait_until="load")
    page.screenshot(path=PICTURES / "booking.png", full_page=True)


def _draw_ledger(browser: Browser, site: str) -> None:
    page = _page(browser, DESK)
    page.goto(site + "/login")
    page.locator("#email").fill(THERAPIST)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/**")
    page.goto(site + LEDGER, wait_until="networkidle")
    page.screenshot(path=PICTURES / "ledger.png")


def main() -> None:
    """Write the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        _served(Path(folder)) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        _draw_booking(browser, site)
        _draw_ledger(browser, site)
        browser.close()


if __name__ == "__main__":
    main()
