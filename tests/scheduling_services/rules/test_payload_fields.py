from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.scheduling_services.rules import payload_fields as fields
from clinic.scheduling_services.rules.payloads import PayloadBroken


def test_only_objects_are_read_as_objects_and_only_lists_as_lists():
    assert [fields.mapping(one) for one in ({"a": 1}, [], None, "a")] == [{"a": 1}, {}, {}, {}]
    assert fields.items([{"a": 1}, "b", None, {}]) == [{"a": 1}, {}]
    assert fields.items({"a": 1}) == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("uid-A", "uid-A"),
        (77, "77"),
        (True, None),
        ("x" * 200, "x" * 200),
        ("x" * 201, None),
        ("", None),
        ("two words", None),
        ("é", None),
        (None, None),
    ],
)
def test_an_id_that_may_be_missing_is_printable_ascii_or_none(value, found):
    assert fields.maybe_id(value) == found


@pytest.mark.parametrize("value", [None, 77, "", "two words", "x" * 201])
def test_an_id_that_must_be_there_is_refused_by_its_name(value):
    with pytest.raises(PayloadBroken, match=r"The delivery has no usable uid\."):
        fields.need_id(value, name="uid")
    assert fields.need_id("uid-A", name="uid") == "uid-A"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-12-07T09:00:00Z", datetime(2026, 12, 7, 9, tzinfo=UTC)),
        ("2026-12-07T09:00:00.250000+01:00", datetime(2026, 12, 7, 8, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-12-07T09:00+0100", datetime(2026, 12, 7, 8, tzinfo=UTC)),
        ("2026-12-07T09:00:00", None),
        ("2026-02-30T09:00:00Z", None),
        ("1999-12-31T23:59:59Z", None),
        ("2101-01-01T00:00:00Z", None),
        ("٢٠٢٦-12-07T09:00:00Z", None),
        (1_795_514_400, None),
    ],
)
def test_an_instant_needs_its_offset_and_a_year_within_reach(value, found):
    assert fields.maybe_instant(value) == found


def test_an_instant_that_must_be_there_is_refused_by_its_name():
    with pytest.raises(PayloadBroken, match=r"The delivery has no usable startTime\."):
        fields.need_instant("soon", name="startTime")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (" A &amp; B\x00\u202e ", "A & B"),
        ("two\nlines", "two\nlines"),
        ("abcdef", "abcde"),
        (7, ""),
    ],
)
def test_texts_lose_entities_and_control_characters_and_what_is_too_long(value, found):
    limit = 5 if value == "abcdef" else fields.MAX_TEXT

    assert fields.text(value, limit=limit) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (" Ana@Example.org ", "ana@example.org"),
        ("ana", None),
        ("a b@example.org", None),
        ("+351210000000@sms.cal.com", None),
        (None, None),
    ],
)
def test_an_address_is_in_lower_case_and_an_invented_one_is_none(value, found):
    assert fields.email(value) == found


def test_only_known_zones_and_language_tags_are_taken():
    assert [fields.time_zone(one) for one in ("Europe/Lisbon", "Mars/Base", 1)] == [
        "Europe/Lisbon",
        None,
        None,
    ]
    assert [fields.language(one) for one in ("pt-PT", "en", "x", "pt-", None)] == [
        "pt-PT",
        "en",
        None,
        None,
        None,
    ]
