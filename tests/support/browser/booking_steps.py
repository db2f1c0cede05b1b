"""What a visitor does, in few words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from playwright.sync_api import Locator, Page, expect

WITHOUT_SCRIPT: WeakSet[Page] = WeakSet()
"""Pages of visitors whose browser runs no script: nothing on them gets ready."""


def ready(page: Page) -> None:
    """Wait until the page's scripts answer: a click before that is followed as a plain link."""
    if page not in WITHOUT_SCRIPT:
        page.locator("html[data-ready]").wait_for(state="attached")


def visit(page: Page, url: str) -> None:
    """Go to an address of the clinic; its scripts answer afterwards."""
    page.goto(url)
    ready(page)


@contextmanager
def another_page(page: Page) -> Iterator[None]:
    """What is done inside opens another page; afterwards that page stands there and is ready.

    An address to wait for would not do: `/login?next=/desk` fits many a pattern of the page that
    comes after the sign-in.
    """
    with page.expect_navigation():
        yield
    ready(page)


def chips(page: Page) -> Locator:
    """The times of the week shown."""
    return page.locator(".week button.chip")


def shown_times(page: Page) -> list[str]:
    """Every time of the week as it stands there."""
    return chips(page).locator("time").all_inner_texts()


def to_details(page: Page, *, therapist: str = "ines-duarte", at: int = 0) -> str:
    """From the times to the details; the value of the time taken."""
    visit(page, re.sub(r"(//[^/]+).*", r"\1", page.url) + f"/book/times?therapist={therapist}")
    chip = chips(page).nth(at)
    value = chip.get_attribute("value") or ""
    with another_page(page):
        chip.click()
    assert page.url.endswith("/book/details")
    return value


def fill_details(
    page: Page, *, name: str = "Alex Example", email: str = "alex@example.org"
) -> None:
    """What has to be said."""
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("You may keep these details").check()


def send(page: Page) -> None:
    """The last button."""
    page.get_by_role("button", name="Book this time").click()


def see_heading(page: Page, text: str) -> None:
    """The page comes to have this heading."""
    expect(page.locator("h1")).to_have_text(text, use_inner_text=True)


def is_wider_than_the_screen(page: Page) -> bool:
    """Whether one would have to scroll sideways."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )
