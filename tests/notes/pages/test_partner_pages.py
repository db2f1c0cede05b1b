"""What partners are shown and handed: two couples lived through the same, one with safety flags.

Both are made by the real services on the database; everything for partners is compared whole.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from flask import render_template_string

from clinic.couples.service import PartnerDetails
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.notes.between_sessions.service import add_attempt
from clinic.notes.course.read_scope import shown_body
from clinic.notes.ledger.build_ledger import build_ledger
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import find_chart
from clinic.notes.redaction.partner_course import partner_safe
from clinic.notes.rules.clinical_values import AttemptDetails, FlagDetails
from clinic.notes.rules.json_values import dump
from clinic.notes.rules.note_content import (
    Attempt,
    Intervention,
    NewRupture,
    Rating,
    RuptureEntry,
    SafetyCheck,
)
from clinic.notes.rules.note_formats import birp, dap, girp, soap
from clinic.notes.ruptures.safety_flags import (
    clear_safety_flag,
    list_safety_flags,
    open_safety_flag,
)
from clinic.notes.ruptures.service import change_status
from tests.support.factories import (
    CareCouple,
    a_note,
    make_care_couple,
    make_note,
    make_signed_note,
)
from tests.support.notes.record_client import Desk

WEEKS = [datetime(2026, 10, day, 10, 0, tzinfo=UTC) for day in (5, 12, 19, 26)]
DUE = date(2026, 11, 20)
HOME = AttemptDetails("B", ("appreciation",), "partly", "R-01")
RAISED = SafetyCheck("flag_raised", "Afraid at home.", 3, "A call tomorrow.", DUE)
ASKED_LATER = SafetyCheck("not_possible_together", "A hinted at shouting.")


class Life:
    """Four weeks of a couple, with or without flags, through the services alone."""

    def __init__(self, couple: CareCouple, *, flags: bool) -> None:
        self.couple, self.flags = couple, flags
        self.notes = [self.first(), self.second(), self.third(), self.fourth()]

    def first(self) -> str:
        """Two ruptures; then, after a call from one of them alone, the first flag."""
        told = a_note(
            new_ruptures=(
                NewRupture("A broken promise", ("betrayal",), significance=4, key="a"),
                NewRupture("Silence", ("secrecy",), significance=2, key="b", status="in_repair"),
            ),
            attempts=(Attempt("A", ("i_statement",), "rejected", "b"),),
            ratings=(Rating("A", "end", 4, 7, 5), Rating("B", "end", 6, 3, 5)),
        )
        note = make_signed_note(self.couple, told, at=WEEKS[0])
        if self.flags:
            open_safety_flag(self.couple.code, FlagDetails("Afraid.", 2, "Seen alone."),
                             review_on=DUE, **self.by(WEEKS[0], days=1))  # fmt: skip
        add_attempt(
            self.couple.code, HOME, happened_on=date(2026, 10, 8), **self.by(WEEKS[0], days=4)
        )
        return note

    def second(self) -> str:
        """While the flag is open what it parked is not asked about."""
        entries = (RuptureEntry("R-01", status="open"), RuptureEntry("R-02", status="in_repair"))
        told = a_note(
            safety=ASKED_LATER if self.flags else SafetyCheck("nil_noted"),
            ruptures=() if self.flags else entries,
            interventions=self.interventions(),
        )
        return make_signed_note(self.couple, told, at=WEEKS[1])

    def third(self) -> str:
        """Cleared and taken up; then the note itself raises the second one."""
        self.clear(WEEKS[1] + timedelta(days=2))
        self.take_up({"R-01": "open", "R-02": "in_repair"}, WEEKS[1] + timedelta(days=3))
        told = a_note(
            safety=RAISED if self.flags else SafetyCheck("nil_noted"),
            ruptures=(
                RuptureEntry("R-01", True, 6, 4, "in_repair", reason="attempt_made"),
                RuptureEntry("R-02", status="in_repair"),
            ),
            new_ruptures=(NewRupture("The party", ("betrayal",), significance=1, key="c"),),
            attempts=(Attempt("B", ("i_statement",), "received", "R-01"),),
        )
        return make_signed_note(self.couple, told, at=WEEKS[2])

    def fourth(self) -> str:
        """One is repaired, one is closed from where it is, one stays parked; a third flag."""
        self.clear(WEEKS[2] + timedelta(days=2))
        self.take_up({"R-01": "in_repair"}, WEEKS[2] + timedelta(days=3))
        change_status(self.couple.code, "R-02", "closed_unrepaired", reason="other",
                      text="Left as it is.", **self.by(WEEKS[2], days=4))  # fmt: skip
        repaired = RuptureEntry("R-01", True, status="repaired", confirmed_a=True, confirmed_b=True)
        rest = () if self.flags else (RuptureEntry("R-03", status="open"),)
        told = a_note(ruptures=(repaired, *rest), ratings=(Rating("A", "end", 8, 2, 7),))
        note = make_signed_note(self.couple, told, at=WEEKS[3])
        if self.flags:
            open_safety_flag(self.couple.code, FlagDetails("Again.", 1, "Asked alone."),
                             review_on=DUE, **self.by(WEEKS[3], days=1))  # fmt: skip
        return note

    def interventions(self) -> tuple[Intervention, ...]:
        planned = (Intervention("safety_planning", "With Ana alone."),) if self.flags else ()
        return (Intervention("eft_step_2"), *planned)

    def clear(self, now: datetime) -> None:
        asks = {"actor": self.couple.lead, "now": now}
        for flag in list_safety_flags(self.couple.code, **asks):
            if flag.cleared_at is None:
                clear_safety_flag(self.couple.code, flag.id, because="Safe again.", **asks)

    def take_up(self, statuses: dict[str, str], now: datetime) -> None:
        for ref, status in statuses.items() if self.flags else ():
            change_status(self.couple.code, ref, status, actor=self.couple.lead, now=now)

    def by(self, at: datetime, *, days: int) -> dict[str, object]:
        return {"actor": self.couple.lead, "now": at + timedelta(days=days)}


@pytest.fixture
def lives(desk):
    """The same four weeks without flags and with three."""
    named = [
        PartnerDetails(name=f"{name} Example", email=f"{name.lower()}@example.com",
                       time_zone="Europe/Lisbon", language="en")
        for name in ("Alex", "Sam")
    ]  # fmt: skip
    other = desk.make(lambda: make_care_couple(desk.couple.practice, partners=named))
    return [
        desk.make(lambda: Life(desk.couple, flags=False)),
        desk.make(lambda: Life(other, flags=True)),
    ]


def page(desk: Desk, life: Life, path: str) -> str:
    """A page without what differs from couple to couple and from request to request."""
    text = desk.get(f"/desk/couples/{life.couple.code}/{path}")
    text = text.replace(life.couple.code, "CODE")
    return re.sub(r'(name="csrf_token" value|nonce|name="csrf-token" content)="[^"]+"', "", text)


@pytest.mark.parametrize("viewer", ["A", "B"])
def test_pages_for_partners_are_the_same_with_flags_and_without(desk, lives, viewer):
    paths = [
        f"ledger?for=partner&viewer={viewer}",
        f"ledger?axis=date&for=partner&viewer={viewer}",
        f"cycle?for=partner&viewer={viewer}",
    ]

    plain, flagged = ([page(desk, life, path) for path in paths] for life in lives)

    assert flagged == plain
    assert "Silence" in plain[0]


def test_page_for_partners_says_nothing_of_what_staff_has_just_done(desk, lives):
    path = "ledger?for=partner&viewer=A"
    before = page(desk, lives[0], path)
    desk.post(
        f"/desk/couples/{lives[0].couple.code}/restricted/flags",
        {"about": "Afraid.", "level": "2", "action": "Call.", "flag_review_on": "2026-11-23"},
    )

    after = page(desk, lives[0], path)

    assert after == before
    assert "The flag is open." in desk.get(f"/desk/couples/{lives[0].couple.code}")


def test_page_of_the_therapist_shows_what_is_parked_as_before(desk, lives):
    text = desk.get(f"/desk/couples/{lives[1].couple.code}/ledger")

    assert text.count(">Parked<") > 1


def ledger_for(life: Life, viewer: str | None) -> str:
    course, _ledger = couple_ledger(life.couple.code, actor=life.couple.lead, now=clock.now())
    seen = build_ledger(partner_safe(course.facts(), viewer=viewer)).to_json()
    return json.dumps(seen | {"couple": ""})


def test_ledger_for_partners_is_the_same_json_with_flags_and_without(desk, lives):
    for viewer in (None, "A", "B"):
        plain, flagged = (desk.make(partial(ledger_for, life, viewer)) for life in lives)

        assert flagged == plain


def partner(couple: CareCouple) -> Actor:
    clinic_id = couple.practice.clinic.id
    return Actor(clinic_id=clinic_id, name="member:a", member_id="a" * 32, couple_id=couple.id)


def notes_for_partners(life: Life) -> list[tuple[str, list[object]]]:
    """Each note as a released one would be read, whole and in every classical format."""
    chart = find_chart(life.couple.code, actor=life.couple.lead, now=clock.now())
    bodies = [
        shown_body(session().get_one(SessionNote, one), chart, actor=partner(life.couple))
        for one in life.notes
    ]
    return [
        (dump(body), [view(body.content) for view in (soap, dap, birp, girp)]) for body in bodies
    ]


def test_notes_for_partners_are_the_same_with_flags_and_without(desk, lives):
    plain, flagged = (desk.make(partial(notes_for_partners, life)) for life in lives)

    assert flagged == plain
    assert "kind='safety" not in repr([views for _body, views in plain])


READ = "{% from 'notes/session_note/_content.html' import read_content with context %}{{ read_content(c, {}) }}"


def test_note_for_partners_is_read_without_a_place_for_the_safety_check(desk, lives):
    def read(life: Life) -> str:
        chart = find_chart(life.couple.code, actor=life.couple.lead, now=clock.now())
        note = session().get_one(SessionNote, life.notes[2])
        with desk.app.test_request_context():
            seen = shown_body(note, chart, actor=partner(life.couple)).content
            return render_template_string(READ, c=seen)

    plain, flagged = (desk.make(partial(read, life)) for life in lives)

    assert flagged == plain
    headings = re.findall(r"<h2>(.*?)</h2>", plain)
    assert headings[:3] == ["Who came", "Ruptures", "Interventions"]


def test_partner_gets_no_draft(desk):
    note_id = desk.make(
        lambda: make_note(desk.couple, at=WEEKS[0], now=WEEKS[0] + timedelta(hours=1))
    )

    def read() -> None:
        chart = find_chart(desk.couple.code, actor=desk.couple.lead, now=clock.now())
        note = session().get_one(SessionNote, note_id)
        with pytest.raises(NotFound):
            shown_body(note, chart, actor=partner(desk.couple))

    desk.make(read)
