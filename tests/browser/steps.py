"""What a visitor does, in few words."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page


def chips(page: Page) -> Locator:
    """The times of the week shown."""
    return page.locator(".week button.chip")


def shown_times(page: Page) -> list[str]:
    """Every time of the week as it stands there."""
    return chips(page).locator("time").all_inner_texts()


def to_details(page: Page, *, therapist: str = "ines-duarte", at: int = 0) -> str:
    """From the times to the details; the value of the time taken."""
    page.goto(re.sub(r"(//[^/]+).*", r"\1", page.url) + f"/book/times?therapist={therapist}")
    chip = chips(page).nth(at)
    value = chip.get_attribute("value") or ""
    chip.click()
    page.wait_for_url("**/book/details")
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


def heading(page: Page) -> str:
    """The page's own heading."""
    return page.locator("h1").inner_text().replace("\n", " ")


def is_wider_than_the_screen(page: Page) -> bool:
    """Whether one would have to scroll sideways."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )
