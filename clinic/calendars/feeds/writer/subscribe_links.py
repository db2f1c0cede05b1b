"""One feed address in the forms that calendar programs take it in (calendars.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class SubscribeLinks:
    """`https` to copy; `webcal` opens the device's own program; two web calendars by a tap."""

    https: str
    webcal: str
    google: str
    outlook: str
    office: str
    busy: str
    free_busy: str


def subscribe_links(base_url: str, token: str, *, name: str) -> SubscribeLinks:
    """The addresses of the feed that `token` opens; `name` is what Outlook will call it."""
    address = f"{base_url.rstrip('/')}/calendar/{token}"
    feed = f"{address}.ics"
    webcal = "webcal://" + feed.partition("://")[2]
    # Google's page takes no https address in `cid`, and Outlook's no webcal.
    asked = f"url={quote(feed, safe='')}&name={quote(name, safe='')}"
    return SubscribeLinks(
        https=feed,
        webcal=webcal,
        google=f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}",
        outlook=f"https://outlook.live.com/calendar/0/addfromweb?{asked}",
        office=f"https://outlook.office.com/calendar/0/addfromweb?{asked}",
        busy=f"{address}/busy.ics",
        free_busy=f"{address}.ifb",
    )
