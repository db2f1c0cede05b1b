"""Chromium at the real app with the demo clinic in it; a phone unless a test says otherwise."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.browser.booking_steps import WITHOUT_SCRIPT, visit
from tests.support.browser.desk_sign_in import DESKTOP, sign_in
from tests.support.databases import POSTGRESQL, DemoTemplate
from tests.support.live_clinic import LiveClinic, live_clinic

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 360, "height": 740}
REFUSED = re.compile(
    r"Failed to load resource: the server responded with a status of (404|409|422)"
)
"""Chromium notes refusals that are pages of ours; a test that expects none sees them as pages."""

PATIENCE_MS = 60_000
"""Two busy cores are slow, not broken."""
expect.set_options(timeout=PATIENCE_MS)

NEVER_GIVES_UP = "AbortSignal.timeout = () => new AbortController().signal"
"""A page turns to something else when an answer takes long; here it may take long."""

Opener = Callable[..., Page]
ContextOpener = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module; the driver's event loop must not outlive it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_database(demo_template: DemoTemplate) -> Path:
    """A SQLite file with the demo clinic as of NOW."""
    if POSTGRESQL:
        pytest.skip("browser tests run on SQLite")
    return Path(demo_template.database)


@pytest.fixture
def site(demo_database: Path, tmp_path: Path) -> Iterator[LiveClinic]:
    """The demo clinic, served."""
    shutil.copy(demo_database, tmp_path / "clinic.db")
    with live_clinic(tmp_path, f"sqlite:///{tmp_path / 'clinic.db'}") as served:
        yield served


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[ContextOpener]:
    """`open_context(**options)`: a new visitor's browser, which waits for slow answers."""
    contexts = []

    def open_it(**options: Any) -> BrowserContext:
        values: dict[str, Any] = {
            "locale": "en-GB",
            "timezone_id": "Europe/Lisbon",
            "reduced_motion": "reduce",
        }
        context = chromium.new_context(**(values | options))
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(NEVER_GIVES_UP)
        return context

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture
def desk_page(open_context: ContextOpener, site: LiveClinic) -> Iterator[Page]:
    """A therapist's page; refused and broken requests are what its tests are about."""
    page, troubles = open_context(viewport=DESKTOP).new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" and "Failed to load resource" not in said.text else None)  # fmt: skip
    sign_in(page, site.url)
    yield page
    page.context.close()
    assert troubles == []


@pytest.fixture
def open_page(open_context: ContextOpener, site: LiveClinic) -> Iterator[Opener]:
    """`open_page(path, **context options)`: a new visitor's page.

    At the end no page may have written to the console, broken the content policy or asked
    anything of anybody else.
    """
    pages: list[Page] = []
    troubles: list[str] = []

    def note(page: Page) -> None:
        page.on("console", lambda said: troubles.append(said.text) if said.type in {"error", "warning"} and not REFUSED.match(said.text) else None)  # fmt: skip
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: troubles.append(asked.url) if not asked.url.startswith((site.url, "about:", "data:")) else None)  # fmt: skip

    def open_it(path: str = "/", **options: Any) -> Page:
        page = open_context(**({"viewport": PHONE} | options)).new_page()
        pages.append(page)
        note(page)
        if not options.get("java_script_enabled", True):
            WITHOUT_SCRIPT.add(page)
        if path.startswith("about:"):
            page.goto(path)
        else:
            visit(page, site.url + path)
        return page

    yield open_it
    for page in pages:
        page.context.close()
    assert troubles == []
