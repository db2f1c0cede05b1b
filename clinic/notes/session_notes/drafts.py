"""Around a draft: what it is measured against, what is carried forward, its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.errors import N_
from clinic.notes.course.load_course import SIGNED, Course
from clinic.notes.record.held_sessions import HeldSession, held_session, individual_notes
from clinic.notes.record.note_models import NoteVersion, SessionNote
from clinic.notes.record.open_record import Chart, Written
from clinic.notes.rules.clinical_checks import code_problems
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.note_checks import Finding, NoteSetting, missing_to_sign, wrong_values
from clinic.notes.rules.note_content import Attendance, NoteContent, RuptureEntry
from clinic.notes.rules.sealing import is_late_entry
from clinic.notes.rules.selectable_terms import Choosable, retired_in
from clinic.notes.rules.text_limits import REASON_MAX, length_problems
from clinic.notes.ruptures.signed_ruptures import repeats_open_flag
from clinic.practice.rules.custom_terms import Terms
from clinic.practice.vocabularies.terms import terms_of

SNAPSHOT_EVERY = timedelta(minutes=1)
LATE_REASON = Finding("late_reason", N_("Say why the note is written late."))


@dataclass(frozen=True, slots=True)
class CarriedForward:
    """What the session before left: its day, plan, exercises, goals and stage."""

    note_id: str | None = None
    held_on: date | None = None
    plan: str = ""
    exercises: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    stage: str = ""


def setting_of(
    note: SessionNote, course: Course, content: NoteContent, *, now: datetime
) -> NoteSetting:
    """What is known around a note. Its own new ruptures count under their keys."""
    known: dict[str, date | None] = {r.ref: r.details.occurred_on for r in course.ruptures}
    held = held_session(note)
    for at, new in enumerate(content.new_ruptures):
        known.setdefault(new.key or f"new-{at + 1}", new.occurred_on)
    return NoteSetting(
        members=expected(held, course.chart),
        open_ruptures=open_at(note, held, course),
        ruptures=known,
        session_on=course.chart.day(note.held_from),
        couple_began=course.chart.began_on,
        choosable=choosable_in(note, content, terms_of(course.chart.clinic_id)),
        flag_open=repeats_open_flag(session(), note),
        today=course.chart.day(now),
    )


def choosable_in(note: SessionNote, content: NoteContent, terms: Terms) -> Choosable:
    """What may stand in a note: retired terms only if it held them while they were offered."""
    retired = retired_in(content, terms)
    if not retired:
        return Choosable(terms)
    texts = [(note.saved_at, note.body.content)]
    texts += [
        (version.at, version.body.content)
        for version in session().scalars(
            select(NoteVersion)
            .where(NoteVersion.note_id == note.id, NoteVersion.at < max(retired.values()))
            .order_by(NoteVersion.number)
        )
    ]
    kept = {
        code
        for at, text in texts
        for code in retired_in(text, terms)
        if code in retired and at < retired[code]
    }
    return Choosable(terms, frozenset(kept))


def open_at(note: SessionNote, held: HeldSession, course: Course) -> tuple[str, ...]:
    """The open ruptures whose standing this note has to tell: not those of a later day."""
    if held.is_individual:
        return ()
    return tuple(
        one.ref
        for one in course.open_ruptures
        if any(event.effective_at <= note.held_until for event in one.events)
    )


def findings_of(body: NoteBody, setting: NoteSetting) -> list[Finding]:
    """What in the draft cannot be, whether or not it is to be signed."""
    wrong = wrong_values(body.content, setting=setting)
    late = length_problems(("late_reason", body.late_reason, REASON_MAX))
    codes = code_problems(body.content, choosable=setting.choosable)
    return wrong + [Finding(place, said) for place, said in (*late, *codes)]


def between_it_and_signing(
    note: SessionNote, body: NoteBody, setting: NoteSetting, *, now: datetime
) -> list[Finding]:
    """Everything that stands between this note and a signature, in the order of the screen."""
    late = is_late_entry(note.held_until, written_at=now) and not body.late_reason.strip()
    missing = missing_to_sign(body.content, setting=setting)
    who_came = [one for one in missing if one.path.startswith("attendance.")]
    why_late = [LATE_REASON] if late else []
    return [*who_came, *why_late, *missing[len(who_came) :], *findings_of(body, setting)]


def carried_forward(chart: Chart, *, before: datetime) -> CarriedForward:
    """What the last signed joint session before an instant left for the next."""
    note = session().scalar(
        select(SessionNote)
        .where(SessionNote.couple_id == chart.couple_id, SessionNote.held_from < before)
        .where(SessionNote.status.in_(SIGNED))
        .where(SessionNote.id.not_in(individual_notes(chart.couple_id)))
        .order_by(SessionNote.held_from.desc(), SessionNote.id.desc())
        .limit(1)
    )
    if note is None:
        return CarriedForward()
    content = note.body.content
    return CarriedForward(
        note_id=note.id,
        held_on=chart.day(note.held_from),
        plan=content.plan,
        exercises=content.exercises,
        goals=content.goals,
        stage=content.stage,
    )


def carried_into_session(subject: Written, *, before: datetime) -> CarriedForward:
    """What the last joint session left for this one: nothing for one held apart from the lead."""
    return CarriedForward() if subject.is_apart else carried_forward(subject.couple, before=before)


def first_content(note: SessionNote, course: Course, carried: CarriedForward) -> NoteContent:
    """What the screen knows before a key is pressed: who was expected, what is open, the goals."""
    held = held_session(note)
    open_refs = open_at(note, held, course)
    return NoteContent(
        attendance=tuple(Attendance(slot, "present") for slot in expected(held, course.chart)),
        ruptures=tuple(
            RuptureEntry(one.ref) for one in course.open_ruptures if one.ref in open_refs
        ),
        goals=carried.goals,
        stage=carried.stage,
    )


def expected(held: HeldSession, chart: Chart) -> tuple[str, ...]:
    """Who was to come: both, or the one of an individual session."""
    alone: Mapping[str, str] = {"individual_a": "A", "individual_b": "B"}
    return (alone[held.kind],) if held.kind in alone else chart.members


def chart_of_note(chart: Chart, subject: Written, note: SessionNote) -> Chart:
    """The chart as the pages of this note name it: whom the note is about, and nobody else.

    Somebody who was not expected stands there too when the note tells something of them. The other
    partner's name is left out only where the writer is not the couple's own therapist.
    """
    if not subject.is_individual:
        return chart
    content = note.body.content
    told = content.partners_written_about()
    if note.signed_at is not None:
        told |= {one.partner for one in content.attendance}
    slots = tuple(sorted({*expected(held_session(note), chart), *told}))
    names = {slot: chart.names[slot] for slot in slots if slot in chart.names}
    return replace(chart, members=slots, names=names if subject.is_apart else chart.names)


def add_version(
    current: Session, note: SessionNote, body: NoteBody, *, kind: str, by: str, now: datetime
) -> None:
    """Store the text as it stands. Autosaves are thinned: at most one a minute by one person.

    Only they: a newer autosave holds what the one before held, while a text kept from a clash
    ("elsewhere") is nowhere else.
    """
    last = _last_version(current, note)
    same_hand = last is not None and (last.author, last.kind) == (by, kind)
    if kind == "autosave" and same_hand and last is not None and now - last.at < SNAPSHOT_EVERY:
        return
    _store_version(current, note, body, last, kind=kind, by=by, now=now)


def store_replaced_text(current: Session, note: SessionNote, terms: Terms) -> None:
    """Store the text that is about to be replaced when it alone shows that a term that is retired
    by now was chosen in time: the thinning of autosaves may have left it out.
    """
    body, last = note.body, _last_version(current, note)
    held = [at for at in retired_in(body.content, terms).values() if note.saved_at < at]
    if held and (last is None or last.revision != note.revision):
        by, at = note.saved_by, note.saved_at
        _store_version(current, note, body, last, kind="autosave", by=by, now=at)


def store_draft_without(current: Session, note: SessionNote, *, by: str, now: datetime) -> None:
    """Store the draft that is about to be signed without some of its words."""
    last = _last_version(current, note)
    _store_version(current, note, note.body, last, kind="manual", by=by, now=now)


def restore_safety_text(current: Session, note: SessionNote) -> None:
    """Give a recalled note the words on safety that its signature had left out."""
    body = note.body
    draft = current.scalar(
        select(NoteVersion)
        .where(NoteVersion.note_id == note.id, NoteVersion.revision == note.revision - 1)
        .where(NoteVersion.kind == "manual")
        .order_by(NoteVersion.number.desc())
        .limit(1)
    )
    if draft is None or draft.body.content.safety == body.content.safety:
        return
    note.revision += 1
    note.body = replace(body, content=replace(body.content, safety=draft.body.content.safety))


def _last_version(current: Session, note: SessionNote) -> NoteVersion | None:
    return current.scalar(
        select(NoteVersion)
        .where(NoteVersion.note_id == note.id)
        .order_by(NoteVersion.number.desc())
        .limit(1)
    )


def _store_version(
    current: Session,
    note: SessionNote,
    body: NoteBody,
    last: NoteVersion | None,
    *,
    kind: str,
    by: str,
    now: datetime,
) -> None:
    row = NoteVersion(
        id=new_id(),
        couple_id=note.couple_id,
        note_id=note.id,
        number=(last.number if last else 0) + 1,
        revision=note.revision,
        kind=kind,
        at=now,
        author=by,
    )
    row.body = body
    current.add(row)
    current.flush()
