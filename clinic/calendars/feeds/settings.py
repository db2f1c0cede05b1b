"""What a subscriber chooses about a feed: how much it shows, which days, a reminder."""

from __future__ import annotations

from dataclasses import dataclass

from clinic.calendars.models import FeedKind, Show
from clinic.foundation.errors import N_, InvalidInput
from clinic.foundation.texts.single_line import one_line

SHOWN_IN = {
    FeedKind.THERAPIST: frozenset(Show),
    FeedKind.PARTNER: frozenset({Show.NEUTRAL, Show.BUSY}),
    FeedKind.CLINIC: frozenset({Show.NEUTRAL, Show.BUSY}),
}
"""Initials are for the therapist who knows them; nobody else's feed has a use for them."""
MAX_FEED_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """Days count from today; `reminder_minutes` is before the start, None for no reminder."""

    show: Show = Show.NEUTRAL
    days_back: int = 60
    days_ahead: int = 540
    reminder_minutes: int | None = None


def check_feed(name: str, settings: FeedSettings, *, kind: FeedKind) -> str:
    """The tidied name. Raises `InvalidInput` by field."""
    problems: dict[str, list[str]] = {}
    tidied = one_line(name, longest=MAX_FEED_NAME)
    if tidied is None:
        problems["name"] = [N_("Please name it, in up to 60 characters.")]
    if settings.show not in SHOWN_IN[kind]:
        problems["show"] = [N_("This calendar cannot show that.")]
    if not 0 <= settings.days_back <= 90:
        problems["days_back"] = [N_("Between 0 and 90 days back, please.")]
    if not 1 <= settings.days_ahead <= 540:
        problems["days_ahead"] = [N_("Between 1 and 540 days ahead, please.")]
    if settings.reminder_minutes is not None and not 0 <= settings.reminder_minutes <= 20160:
        problems["reminder_minutes"] = [N_("At most two weeks before, please.")]
    if tidied is None or problems:
        raise InvalidInput(problems)
    return tidied


def initials_of(name: str) -> str:
    """The first letters of the first and the last word, as people sign: `AE`."""
    words = [word for word in name.split() if word[0].isalpha()]
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0].upper() for word in ends)
