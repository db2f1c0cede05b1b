from __future__ import annotations

from datetime import UTC, datetime

import pytest

from clinic.booking.rules.contact_details import (
    EnteredPartner,
    check_concerns,
    check_email,
    check_message,
    check_name,
    check_person,
    check_request,
    check_time_zone,
    tidy,
)
from clinic.foundation.texts.single_line import has_control_characters
from tests.support.factories import a_request

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
CODES = frozenset({"conflict", "distance", "trust", "future"})
CALL_YOU = ["Please tell us how to call you."]
TOO_LONG = ["This is longer than 100 characters."]
ONE_LINE = ["Please write the name on one line."]
NO_LINK = ["Please write the name alone, without a link or an e-mail address."]
NO_ADDRESS = ["This does not look like an e-mail address."]
NEEDED = ["Please give an e-mail address: the confirmation goes there."]
UNKNOWN_ZONE = ["We do not know this time zone."]


def problems(**changes):
    return check_request(a_request(TEN, **changes), concern_codes=CODES)


def person(**changes):
    values = {
        "name": "Sam Sample",
        "email": "sam@example.org",
        "time_zone": "Europe/Lisbon",
        "language": "en",
    }
    return EnteredPartner(**(values | changes))


def test_plain_request_has_no_problems():
    assert problems() == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Zoë", []),
        ("李", []),
        ("O'Neill-D’Arcy Jr.", []),
        ("x" * 100, []),
        ("x" * 101, TOO_LONG),
        ("x" * 10_000, TOO_LONG),
        ("", CALL_YOU),
        (" \t ", CALL_YOU),
        ("WIN https://evil.example/x now", NO_LINK),
        ("x@example.org", NO_LINK),
        ("two\nlines", ONE_LINE),
        ("nul\x00", ONE_LINE),
        ("paragraph\u2029", ONE_LINE),
        ("half a pair \ud800", ONE_LINE),
    ],
)
def test_names_are_what_people_are_called_on_one_line(name, said):
    assert check_name(name) == said


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("a@example.org", []),
        (" a@example.org ", []),
        ("jörg@example.org", []),
        ("o'neill+x@sub.example.org", []),
        ("", NEEDED),
        ("  ", NEEDED),
        ("plain", NO_ADDRESS),
        ("a@b@c", NO_ADDRESS),
        ("a@example.org\r\nBcc: c@example.org", NO_ADDRESS),
        ("a\x00@example.org", NO_ADDRESS),
        (f"{'a' * 250}@example.org", NO_ADDRESS),
        ("a@" + "b" * 10_000, NO_ADDRESS),
        ("Alex <a@example.org>", NO_ADDRESS),
        ("\ud800@example.org", NO_ADDRESS),
    ],
)
def test_addresses_can_be_written_to(email, said):
    assert check_email(email) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Lisbon", []),
        ("Asia/Kathmandu", []),
        ("UTC", []),
        ("", UNKNOWN_ZONE),
        ("europe/lisbon", UNKNOWN_ZONE),
        ("Mars/Base", UNKNOWN_ZONE),
        ("../../etc/passwd", UNKNOWN_ZONE),
        ("/etc/localtime", UNKNOWN_ZONE),
        ("localtime", UNKNOWN_ZONE),
        ("Europe", UNKNOWN_ZONE),
        ("Europe/Lisbon\x00", UNKNOWN_ZONE),
    ],
)
def test_zones_are_those_of_the_iana_list(zone, said):
    assert check_time_zone(zone) == said


@pytest.mark.parametrize(
    ("concerns", "said"),
    [
        ((), {}),
        (("conflict", "distance", "trust"), {}),
        (("trust", "trust", "trust", "trust"), {}),
        (
            ("conflict", "distance", "trust", "future"),
            {"concerns": ["Please choose up to three."]},
        ),
        (("else",), {"concerns": ["One of these is not on the list."]}),
    ],
)
def test_up_to_three_concerns_of_the_list(concerns, said):
    assert check_concerns(concerns, codes=CODES) == said


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("", {}),
        ("two\r\nlines\tand a tab", {}),
        ("x" * 2000, {}),
        ("x" * 2001, {"message": ["This is longer than 2,000 characters."]}),
        ("nul \x00", {"message": ["There are characters in it that cannot be stored."]}),
        ("half \udfff", {"message": ["There are characters in it that cannot be stored."]}),
    ],
)
def test_messages_have_lines_and_an_end(message, said):
    assert check_message(message) == said


def test_each_problem_stands_at_its_own_path():
    bad = EnteredPartner(name="", email="no", time_zone="Mars/Base", language="xx")

    assert check_person(bad, at="partner") == {
        "partner.name": CALL_YOU,
        "partner.email": NO_ADDRESS,
        "partner.time_zone": UNKNOWN_ZONE,
        "partner.language": ["Please choose English or Portuguese."],
    }


def test_other_partner_may_come_without_an_address():
    assert problems(other_partner=person(email="")) == {}


def test_other_partner_needs_a_name():
    assert problems(other_partner=person(name="")) == {"other_partner.name": CALL_YOU}


@pytest.mark.parametrize("same", ["alex@example.org", "ALEX@Example.org ", "ａlex@example.org"])
def test_partners_have_addresses_of_their_own(same):
    assert problems(other_partner=person(email=same)) == {
        "other_partner.email": ["Each partner needs an address of their own."]
    }


def test_two_missing_addresses_are_one_problem():
    found = problems(partner=person(email=""), other_partner=person(email=""))

    assert found == {"partner.email": NEEDED}


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"format": ""}, "format", "Please choose online or in person."),
        ({"format": "phone"}, "format", "Please choose online or in person."),
        (
            {"privacy_accepted": False},
            "privacy_accepted",
            "We need your agreement to keep these details.",
        ),
        ({"idempotency_key": ""}, "Idempotency-Key", "Up to 200 visible ASCII characters."),
        ({"idempotency_key": "a b"}, "Idempotency-Key", "Up to 200 visible ASCII characters."),
        ({"idempotency_key": "é"}, "Idempotency-Key", "Up to 200 visible ASCII characters."),
        ({"idempotency_key": "x" * 201}, "Idempotency-Key", "Up to 200 visible ASCII characters."),
    ],
)
def test_rest_of_the_request_is_checked_too(changes, path, said):
    assert problems(**changes) == {path: [said]}


def test_tidying_composes_characters_and_takes_white_space_off():
    assert tidy("  Zoe\u0308 ") == "Zoë"


def test_emoji_and_accents_are_no_control_characters():
    assert [has_control_characters(text) for text in ("Zoë 👩‍👩‍👧", "a\u2028b")] == [False, True]
