"""Who sends the same form again within a minute gets the same thing again; later it is a new one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.notes.restricted.disclosures import write_disclosure
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.restricted.process_notes import write_process_note
from clinic.notes.rules.clinical_values import DisclosureDetails, FlagDetails, RuptureDetails
from clinic.notes.rules.note_content import NoteContent
from clinic.notes.rules.repeated_submission import SENT_AGAIN, repeats_since
from clinic.notes.ruptures.merge_and_split import split_rupture
from clinic.notes.ruptures.safety_flags import open_safety_flag
from clinic.notes.ruptures.service import open_rupture
from clinic.notes.session_notes.service import enter_note, save_draft
from clinic.notes.signing.addenda import add_addendum
from tests.support.factories import NOW, CareCouple, make_care_couple, make_signed_note

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def addendum(couple, word, now, author):
    note = couple.notes.setdefault("signed", None) or make_signed_note(couple.couple, at=AT)
    couple.notes["signed"] = note
    said = {"kind": "addendum", "text": word, "reason": "Left out"}
    return add_addendum(note, **said, proved_at=now, actor=author, now=now)


def disclosure(couple, word, now, author):
    details, day = DisclosureDetails("A", word), date(2026, 12, 1)
    return write_disclosure(couple.code, details, review_on=day, actor=author, now=now)


def process_note(couple, word, now, author):
    return write_process_note(couple.code, word, actor=author, now=now)


def flag(couple, word, now, author):
    details, day = FlagDetails(word, 2, "Seen alone"), date(2026, 12, 1)
    return open_safety_flag(couple.code, details, review_on=day, actor=author, now=now)


def note(couple, word, now, author):
    start = AT + timedelta(hours=len(word))
    end = start + timedelta(minutes=50)
    return enter_note(couple.code, held_from=start, held_until=end, actor=author, now=now)


def part(couple, word, now, author):
    whole = couple.notes.get("rupture") or open_rupture(
        couple.code,
        RuptureDetails("Alone", ("secrecy",), 3),
        effective_at=AT,
        actor=author,
        now=NOW,
    )
    couple.notes["rupture"] = whole
    return split_rupture(
        couple.code, whole, RuptureDetails(word, ("secrecy",), 2), actor=author, now=now
    )


class Made:
    """A couple, and what was made for it to add to."""

    def __init__(self, couple: CareCouple) -> None:
        self.couple, self.code, self.notes = couple, couple.code, {}


@pytest.fixture
def couple(context):
    return Made(make_care_couple())


FORMS = [addendum, disclosure, process_note, flag, note, part]


@pytest.mark.parametrize("form", FORMS)
def test_same_words_within_a_minute_are_the_same_thing(couple, form):
    lead = couple.couple.lead

    first = form(couple, "One", NOW, lead)

    assert form(couple, "One", NOW + SENT_AGAIN, lead) == first
    assert form(couple, "Other", NOW + SENT_AGAIN, lead) != first


@pytest.mark.parametrize("form", FORMS)
def test_same_words_later_are_another_thing(couple, form):
    lead = couple.couple.lead

    first = form(couple, "One", NOW, lead)

    assert form(couple, "One", NOW + SENT_AGAIN + timedelta(seconds=1), lead) != first


def test_access_that_was_just_opened_for_the_same_reason_is_the_same_one(couple):
    reader = couple.couple.supervisor
    why, soon = "Their therapist is ill; a call cannot wait.", NOW + timedelta(seconds=30)
    later = NOW + timedelta(minutes=2)

    first = break_glass(couple.code, why, proved_at=NOW, actor=reader, now=NOW)
    again = break_glass(couple.code, why, proved_at=soon, actor=reader, now=soon)
    other = break_glass(couple.code, f"{why} Again.", proved_at=soon, actor=reader, now=soon)
    anew = break_glass(couple.code, why, proved_at=later, actor=reader, now=later)

    assert [again, other, anew] == [first, soon + (first - NOW), later + (first - NOW)]


def test_rule_looks_back_a_minute():
    assert repeats_since(NOW) == NOW - timedelta(minutes=1)


def test_note_of_the_same_session_is_another_one_once_the_first_was_written_in(couple):
    lead = couple.couple.lead
    first = note(couple, "One", NOW, lead)
    save_draft(first, content=NoteContent(plan="Write"), revision=1, actor=lead, now=NOW)

    assert note(couple, "One", NOW, lead) != first
