from __future__ import annotations

import pytest

from clinic.calendars.feeds.settings import FeedSettings, check_feed
from clinic.calendars.models import FeedKind, Show
from clinic.foundation.errors import InvalidInput


def test_name_is_tidied():
    assert check_feed("  my   phone ", FeedSettings(), kind=FeedKind.THERAPIST) == "my phone"


@pytest.mark.parametrize("kind", FeedKind)
@pytest.mark.parametrize("show", Show)
def test_initials_are_for_a_therapists_own_feed_only(kind, show):
    settings = FeedSettings(show=show)
    if show is not Show.INITIALS or kind is FeedKind.THERAPIST:
        assert check_feed("x", settings, kind=kind) == "x"
        return
    with pytest.raises(InvalidInput) as refused:
        check_feed("x", settings, kind=kind)
    assert list(refused.value.errors) == ["show"]


@pytest.mark.parametrize(
    ("name", "settings", "field"),
    [
        (" ", {}, "name"),
        ("a" * 61, {}, "name"),
        ("a\x00b", {}, "name"),
        ("\x1b[2J", {}, "name"),
        ("\x7f", {}, "name"),
        ("x", {"days_back": -1}, "days_back"),
        ("x", {"days_back": 91}, "days_back"),
        ("x", {"days_ahead": 0}, "days_ahead"),
        ("x", {"days_ahead": 541}, "days_ahead"),
        ("x", {"reminder_minutes": -1}, "reminder_minutes"),
        ("x", {"reminder_minutes": 20161}, "reminder_minutes"),
    ],
)
def test_what_lies_outside_its_bounds_is_refused_by_field(name, settings, field):
    with pytest.raises(InvalidInput) as refused:
        check_feed(name, FeedSettings(**settings), kind=FeedKind.THERAPIST)
    assert list(refused.value.errors) == [field]


def test_bounds_themselves_are_allowed():
    for values in ((0, 1, 0), (90, 540, 20160)):
        back, ahead, reminder = values
        settings = FeedSettings(days_back=back, days_ahead=ahead, reminder_minutes=reminder)
        assert check_feed("x", settings, kind=FeedKind.PARTNER) == "x"
