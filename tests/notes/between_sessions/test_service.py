"""What is told outside a note: each refusal at its field, the same form kept once, the ledger's sums."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound
from clinic.notes.between_sessions.service import (
    CycleChangedElsewhere,
    add_attempt,
    add_ratings,
    draw_cycle,
)
from clinic.notes.pages.overview import couple_ledger, couple_overview, cycle_versions
from clinic.notes.record.idempotent_forms import AlreadyStored
from clinic.notes.record.rupture_models import PartnerRating, RepairAttempt
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    CyclePart,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.note_content import Rating
from clinic.notes.ruptures.service import open_rupture
from tests.support.factories import a_note, make_care_couple, make_note, make_signed_note

AT = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TRIED = AttemptDetails("B", ("answers_honestly",), "received")
HOME = RatingDetails("A", "home", 7, source="self")
pytestmark = pytest.mark.usefixtures("context")


class Room:
    def __init__(self):
        self.couple = make_care_couple()
        rated = a_note(ratings=(Rating("A", "end", 5, None, 5),))
        self.note = make_signed_note(self.couple, rated, at=AT)
        self.asks = {"actor": self.couple.lead, "now": NOW}

    def __call__(self, use_case, *args, **values):
        return use_case(self.couple.code, *args, **(self.asks | values))

    def refused(self, use_case, *args, **values):
        with pytest.raises(InvalidInput) as refused:
            self(use_case, *args, **values)
        return sorted(refused.value.errors)


@pytest.fixture
def room(context):
    return Room()


def count(table):
    return session().scalar(sa.select(sa.func.count()).select_from(table))


def test_attempt_at_home_counts_in_the_ledger_of_its_days(room):
    before = room(couple_ledger)[1].ratio_course
    room(add_attempt, TRIED, happened_on=date(2026, 11, 18))

    after = room(couple_ledger)[1].ratio_course

    assert (before.n, after.n, after.value) == (0, 1, 1.0)


@pytest.mark.parametrize(
    ("changes", "day", "places"),
    [
        ({"by": "C"}, date(2026, 11, 18), ["by"]),
        ({"acts": ()}, date(2026, 11, 18), ["acts"]),
        ({"acts": ("magic",)}, date(2026, 11, 18), ["acts"]),
        ({"receipt": ""}, date(2026, 11, 18), ["receipt"]),
        ({"rupture": "R-09"}, date(2026, 11, 18), ["rupture"]),
        ({"felt_safety_before": 11, "felt_safety_after": -1}, date(2026, 11, 18),
         ["felt_safety_after", "felt_safety_before"]),
        ({"acts": ("other",)}, date(2026, 11, 18), ["note"]),
        ({"note": "x" * 501}, date(2026, 11, 18), ["note"]),
        ({}, date(2026, 11, 24), ["happened_on"]),
        ({}, date(202, 11, 18), ["happened_on"]),
        ({"acts": ("appreciation", "i_statement", "consistency", "new_agreement", "offers_comfort")},
         date(2026, 11, 18), ["acts"]),
    ],
)  # fmt: skip
def test_attempt_is_refused_at_the_field_that_is_wrong(room, changes, day, places):
    values = {"by": "B", "acts": ("appreciation",), "receipt": "partly"} | changes

    assert room.refused(add_attempt, AttemptDetails(**values), happened_on=day) == places
    assert count(RepairAttempt) == 0


def test_attempt_before_its_rupture_is_refused_at_the_day(room):
    broke = RuptureDetails("The late reply", ("secrecy",), 3, occurred_on=date(2026, 11, 18))
    room(open_rupture, broke)
    tried = AttemptDetails("B", ("appreciation",), "partly", "R-01")

    places = room.refused(add_attempt, tried, happened_on=date(2026, 11, 17))

    assert places == ["happened_on"]


def test_form_that_is_sent_twice_is_kept_once(room):
    first = [
        room(add_attempt, TRIED, happened_on=AT.date(), key="k"),
        room(add_ratings, HOME, key="k"),
        room(draw_cycle, CycleDetails("Silence"), base=0, key="k"),
    ]
    again = [
        room(add_attempt, TRIED, happened_on=AT.date(), key="k"),
        room(add_ratings, HOME, key="k", now=NOW + timedelta(minutes=1)),
        room(draw_cycle, CycleDetails("Silence"), base=0, key="k"),
    ]

    assert again == first
    assert (count(RepairAttempt), count(PartnerRating)) == (1, 2)
    assert [one.number for one in room(cycle_versions)] == [1]


def test_form_that_is_sent_again_with_something_else_says_what_is_kept(room):
    room(add_attempt, TRIED, happened_on=AT.date(), key="k")

    with pytest.raises(AlreadyStored):
        room(add_attempt, TRIED, happened_on=NOW.date(), key="k")


def test_same_key_in_another_couples_record_is_another_entry(room):
    other = make_care_couple(room.couple.practice, partners=[])

    room(add_ratings, HOME, key="k")
    with pytest.raises(InvalidInput):  # there is nobody in it, but nothing clashes
        add_ratings(other.code, HOME, key="k", **room.asks)


@pytest.mark.parametrize(
    ("changes", "more", "places"),
    [
        ({"felt_safety": None}, {}, ["felt_safety"]),
        ({"partner": "C"}, {}, ["partner"]),
        ({"felt_safety": 11}, {}, ["felt_safety"]),
        ({"source": "hearsay"}, {}, ["source"]),
        ({"point": "later"}, {}, ["point", "session"]),
        ({"point": "end"}, {}, ["session"]),
        ({}, {"told_on": date(2026, 11, 24)}, ["told_on"]),
        ({}, {"told_on": date(202, 11, 24)}, ["told_on"]),
        ({}, {"note_id": "mine"}, ["point"]),
        ({"point": "end"}, {"note_id": "0" * 32}, ["session"]),
        ({"point": "end"}, {"note_id": "draft"}, ["session"]),
        ({"point": "end", "source": "therapist"}, {"note_id": "mine"}, ["felt_safety"]),
    ],
)
def test_ratings_are_refused_at_the_field_that_is_wrong(room, changes, more, places):
    values = {"partner": "A", "point": "home", "felt_safety": 7, "source": "self"} | changes
    if more.get("note_id") == "draft":
        more = {"note_id": make_note(room.couple, at=AT + timedelta(days=1), now=NOW)}
    if more.get("note_id") == "mine":
        more = {"note_id": room.note}

    assert room.refused(add_ratings, RatingDetails(**values), **more) == places
    assert count(PartnerRating) == 1


def test_ratings_told_afterwards_stand_in_their_session_and_blank_is_not_nought(room):
    told = RatingDetails("A", "end", None, 4, None, "therapist")
    room(add_ratings, told, note_id=room.note)

    facts = room(couple_ledger)[0].facts()
    values = [
        facts.rating("A", session=1, point="end", measure=name)
        for name in ("felt_safety", "defensiveness", "regulation")
    ]

    assert values == [5, 4, 5]


def test_ratings_at_home_stand_at_the_noon_of_their_day(room):
    room(add_ratings, HOME, told_on=date(2026, 11, 18))

    rating = room(couple_overview).ratings[-1]

    assert (rating.session_number, rating.at) == (None, datetime(2026, 11, 18, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("details", "places"),
    [
        (CycleDetails(), ["trigger"]),
        (CycleDetails("  "), ["trigger"]),
        (CycleDetails("x" * 301), ["trigger"]),
        (CycleDetails("x", "round"), ["pattern"]),
        (CycleDetails("x", parts=(CyclePart("A", need="x" * 301),)), ["parts.0.need"]),
        (CycleDetails("x", parts=(CyclePart("A", position="above"),)), ["parts.0.position"]),
    ],
)
def test_cycle_is_refused_at_the_part_that_is_wrong(room, details, places):
    assert room.refused(draw_cycle, details) == places
    assert room(cycle_versions) == []


def test_cycle_drawn_on_top_of_an_older_version_is_held_back(room):
    room(draw_cycle, CycleDetails("Silence"), base=0)

    with pytest.raises(CycleChangedElsewhere):
        room(draw_cycle, CycleDetails("A missed call"), base=0)
    assert room(draw_cycle, CycleDetails("A missed call"), base=1) == 2


@pytest.mark.parametrize(
    ("who", "error"), [("supervisor", NotAllowed), ("other_therapist", NotFound)]
)
def test_only_the_lead_writes(room, who, error):
    actor = getattr(room.couple, who)
    for use_case, args, more in (
        (add_attempt, [TRIED], {"happened_on": AT.date()}),
        (add_ratings, [HOME], {}),
        (draw_cycle, [CycleDetails("Silence")], {}),
    ):
        with pytest.raises(error):
            room(use_case, *args, **more, actor=actor)
