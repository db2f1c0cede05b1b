from __future__ import annotations

from datetime import date

import pytest

from clinic.notes.record_file.consistency_check import record_problems
from clinic.practice.rules.vocabulary import load_all
from tests.support.notes.record_files import raw_record, record_with

RAW = raw_record()
TODAY = date(2026, 11, 23)
NO_ID = "An id has 32 hexadecimal digits."
NO_CHOICE = "Choose one from the list."
NO_NUMBER = "Numbers begin at 1."
NO_THERAPIST = "A therapist has a slug and a name."
NOTHING = "0" * 32
TWICE = "This is there twice."
UNKNOWN = "This is not known here."


def problems_with(changes):
    return record_problems(record_with(changes), terms=load_all(), today=TODAY)


def test_whole_record_has_no_problem():
    assert problems_with({}) == []
    assert problems_with({"couple.lead_therapist": None}) == []


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        ("couple.code", "42", ("couple.code", "A code looks like C-0042.")),
        ("couple.status", "happy", ("couple.status", "This status is not known.")),
        ("couple.lead_therapist.slug", "", ("couple.lead_therapist", NO_THERAPIST)),
        ("couple.lead_therapist.name", "x" * 121, ("couple.lead_therapist", NO_THERAPIST)),
        (
            "members.0.person.time_zone",
            "Europe/Nowhere",
            ("members[0].person.time_zone", "This time zone is not known."),
        ),
        (
            "members.0.person.language",
            "de",
            ("members[0].person.language", "This language is not spoken here."),
        ),
        ("events.0.author", "x" * 61, ("events[0].author", "This is longer than 60 characters.")),
        ("cycles.0.number", 0, ("cycles[0].number", NO_NUMBER)),
        ("versions.0.number", 2**31, ("versions[0].number", NO_NUMBER)),
        ("flags.0.revision", 0, ("flags[0].revision", NO_NUMBER)),
        ("notes.1.kind", "party", ("notes[1].kind", UNKNOWN)),
        ("versions.0.kind", "x", ("versions[0].kind", UNKNOWN)),
        (
            "versions.0.note_id",
            NOTHING,
            ("versions[0].note_id", "There is no such note in the file."),
        ),
        (
            "entries.0.rupture_id",
            NOTHING,
            ("entries[0].rupture_id", "There is no such rupture in the file."),
        ),
        (
            "notes.1.held_until",
            RAW["notes"][1]["held_from"],
            ("notes[1].held_until", "A session ends after it began."),
        ),
        (
            "notes.1.digest",
            "0" * 64,
            ("notes[1].sealed_at", "A sealed note is signed, numbered and has a digest."),
        ),
        (
            "notes.1.body.content.safety.result",
            "fine",
            ("notes[1].body.content.safety.result", NO_CHOICE),
        ),
    ],
)
def test_value_that_cannot_be_is_named_at_its_place_alone(place, value, problem):
    assert problems_with({place: value}) == [problem]


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (
            "members.1.person.id",
            RAW["members"][0]["person"]["id"],
            ("members[1].person.id", "This id is there twice."),
        ),
        (
            "attempts.1.id",
            RAW["attempts"][0]["id"],
            ("attempts[1].id", "This id is there twice."),
        ),
        ("events.1.number", 1, ("events[1].number", TWICE)),
        (
            "entries.1.rupture_id",
            RAW["entries"][0]["rupture_id"],
            ("entries[1].rupture_id", TWICE),
        ),
    ],
)
def test_id_or_number_that_is_there_twice_is_named_where_it_comes_again(place, value, problem):
    assert problems_with({place: value}) == [problem]


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"notes.1.signed_at": "2026-11-23T09:00:00Z"},
            [
                ("notes[1].signed_at", "A signed note says when, and no other does."),
                ("notes[1].signed_digest", "A signed note has a digest, and no other has."),
            ],
        ),
        (
            {"notes.1.status": "shredded"},
            [
                ("notes[1].status", UNKNOWN),
                ("notes[1].signed_at", "A signed note says when, and no other does."),
            ],
        ),
        (
            {"notes.1.id": "not an id"},
            [
                ("notes[1].id", NO_ID),
                ("versions[4].note_id", "There is no such note in the file."),
            ],
        ),
        (
            {"addenda.0.kind": "x"},
            [("addenda[0].kind", UNKNOWN), ("addenda[0].digest", "The seal does not hold.")],
        ),
        (
            {"couple.id": "x"},
            [
                ("couple.id", NO_ID),
                ("notes[0].signed_digest", "The text is not the one that was signed."),
                ("notes[0].digest", "The seal does not hold."),
                ("notes[2].signed_digest", "The text is not the one that was signed."),
                ("notes[2].digest", "The seal does not hold."),
            ],
        ),
        (
            {"members.1.slot": "Z"},
            [
                ("members[1].slot", "Places go from A to H."),
                ("attempts[1].details.by", NO_CHOICE),
                ("ratings[2].details.partner", NO_CHOICE),
                ("runs[0].details.asker", "One partner asks, the other one listens."),
                ("runs[1].details.asker", "One partner asks, the other one listens."),
            ],
        ),
    ],
)
def test_everything_that_one_change_breaks_is_named_in_the_order_of_the_rules(changes, problems):
    assert problems_with(changes) == problems


def test_couple_without_a_partner_is_named_first():
    assert problems_with({"members": []})[0] == ("members", "A couple has at least one partner.")
