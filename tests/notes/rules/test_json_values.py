"""Values to plain JSON and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.notes.rules.json_values import WHEN_TOLD, dump, load, to_plain

TEXT = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), include_characters="\t\n\r"), max_size=30
)
pytestmark = pytest.mark.one_database


@dataclass(frozen=True)
class Inner:
    day: date
    pair: tuple[str, int] = ("a", 1)


@dataclass(frozen=True)
class Whole:
    at: datetime
    inner: tuple[Inner, ...] = ()
    flag: bool | None = None


WHOLE = Whole(datetime(2026, 3, 31, 10, tzinfo=UTC), (Inner(date(2026, 3, 31)),))


@settings(max_examples=100, deadline=None)
@given(st.builds(Whole, st.datetimes(timezones=st.just(UTC)), st.tuples(
    st.builds(Inner, st.dates(), st.tuples(TEXT, st.integers()))), st.none() | st.booleans()))  # fmt: skip
def test_what_is_written_is_read_back(value):
    assert load(Whole, dump(value)) == value


def test_instants_are_written_in_utc():
    lisbon = timezone(timedelta(hours=1))
    at = datetime(2026, 3, 31, 11, tzinfo=lisbon)

    assert to_plain(Whole(at)) == {"at": "2026-03-31T10:00:00Z", "inner": [], "flag": None}


def test_what_has_no_plain_form_is_not_written():
    with pytest.raises(TypeError):
        to_plain(1.5)


@dataclass(frozen=True)
class Grown:
    """Something sealed before its last fields came to it."""

    name: str = ""
    text: str = field(default="", metadata=WHEN_TOLD)
    level: int | None = field(default=None, metadata=WHEN_TOLD)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Grown(), '{"name":""}'),
        (Grown("a", "b", 0), '{"level":0,"name":"a","text":"b"}'),
    ],
)
def test_a_field_that_came_later_is_left_out_while_nothing_is_told_in_it(value, text):
    assert (dump(value), load(Grown, text)) == (text, value)
