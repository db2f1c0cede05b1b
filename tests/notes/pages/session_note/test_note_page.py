"""The writing screen's values: what is missing leads to its field as it stands on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from clinic.notes.pages.session_note.note_page import (
    Missing,
    device_secret,
    missing_of,
    screen_page,
)
from clinic.notes.rules.note_checks import Finding
from clinic.notes.rules.note_content import (
    Attempt,
    Intervention,
    NewRupture,
    NoteContent,
    Rating,
)
from clinic.notes.session_notes.queries import note_screen
from tests.support.factories import a_note, make_care_couple, make_note, make_signed_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NAMES = {"A": "Alex", "B": "Sam"}


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def test_findings_lead_to_the_row_by_its_key_and_say_whom_they_concern():
    content = NoteContent(
        interventions=(Intervention("other"),), attempts=(Attempt("A", (), "partly"),)
    )
    fields = MultiDict(
        [("attempts", "0"), ("attempts", "5"), ("attempts.5.by", "A"), ("attempts.5.receipt", "x")]
    )
    findings = [
        Finding("attempts.0.acts", "Choose one to four acts."),
        Finding("interventions.0.text", "Say in words what “other” was."),
        Finding("responses.B", "Write how this partner responded.", "B"),
    ]
    assert missing_of(findings, content, names=NAMES, fields=fields) == (
        Missing("attempts.5.acts", "Choose one to four acts."),
        Missing("interventions.other.text", "Say in words what “other” was."),
        Missing("responses.B", "Sam: Write how this partner responded."),
    )


def test_the_screen_keeps_points_it_does_not_usually_ask_for():
    couple = make_care_couple()
    content = a_note(ratings=(Rating("A", "start", 3), Rating("A", "end", 4)))
    note_id = make_note(couple, content, at=AT, now=AT + timedelta(hours=1))
    screen = note_screen(note_id, actor=couple.lead, now=AT + timedelta(hours=1))
    page = screen_page(screen, blank=["attempts"], actor=couple.lead)
    assert page.points == ("start", "pre", "peak", "end")
    assert page.attempts == (("0", Attempt("", (), None)),)
    assert page.missing == ()


def test_the_secret_of_a_device_is_one_account_and_one_note():
    couple = make_care_couple()
    told = {
        device_secret(note, actor=actor)
        for note in ("1", "2")
        for actor in (couple.lead, couple.supervisor)
    }
    assert len(told) == 4
    assert device_secret("1", actor=couple.lead) in told


def test_attempt_may_belong_to_a_known_rupture_or_to_one_just_written_down():
    couple = make_care_couple()
    first = a_note(new_ruptures=(NewRupture("The forgotten call", ("betrayal",), significance=3),))
    make_signed_note(couple, first, at=AT)
    content = a_note(new_ruptures=(NewRupture("The holiday"), NewRupture("")))
    later = AT + timedelta(days=7)
    note_id = make_note(couple, content, at=later, now=later + timedelta(hours=1))
    screen = note_screen(note_id, actor=couple.lead, now=later + timedelta(hours=1))

    page = screen_page(screen, actor=couple.lead)

    assert page.rupture_choices == [
        ("R-01", "R-01 The forgotten call"),
        ("new-0", "The holiday"),
        ("new-1", "The new rupture"),
    ]


def test_texts_of_interventions_are_found_by_their_codes():
    couple = make_care_couple()
    content = a_note(interventions=(Intervention("other", "A letter"), Intervention("timeout")))
    note_id = make_note(couple, content, at=AT, now=AT + timedelta(hours=1))
    screen = note_screen(note_id, actor=couple.lead, now=AT + timedelta(hours=1))

    page = screen_page(screen, actor=couple.lead)

    assert page.intervention_texts == {"other": "A letter", "timeout": ""}
