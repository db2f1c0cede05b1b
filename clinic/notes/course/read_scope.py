"""How much of a chart an actor reads: all of it, the signed notes, or only the joint part."""

from __future__ import annotations

from dataclasses import replace

from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.load_course import SIGNED, Course, load_course, load_frame
from clinic.notes.record.held_sessions import held_session, held_sessions
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.open_record import Chart, Written, may, written
from clinic.notes.redaction.redacted_notes import for_emergency, for_partners
from clinic.notes.rules.clinical_values import NoteBody
from clinic.notes.rules.note_content import NoteContent
from clinic.notes.rules.sealing import NoteStatus


def readable_statuses(chart: Chart, *, actor: Actor) -> tuple[str, ...]:
    """The statuses of notes that the actor may read in this chart."""
    if may(actor, Permission.READ_DRAFT_NOTE, chart):
        return tuple(NoteStatus)
    return SIGNED if may(actor, Permission.READ_SIGNED_NOTE, chart) else ()


def hidden_notes(chart: Chart, *, actor: Actor) -> frozenset[str]:
    """The ids of the notes of individual sessions of which the actor may not learn."""
    return frozenset(
        note_id
        for note_id, held in held_sessions(chart.couple_id).items()
        if held.is_individual and not may(actor, Permission.READ_RESTRICTED, written(chart, held))
    )


def frame_for_note(subject: Written, *, actor: Actor) -> Course:
    """The sessions and ruptures that whoever writes this note works with.

    No ruptures for a session that another than the lead held with one partner alone: the couple's
    are not theirs to see, and what they write stays in the note.
    """
    chart = subject.couple
    frame = load_frame(chart, restricted=may(actor, Permission.READ_RESTRICTED, chart))
    return replace(frame, ruptures=()) if subject.is_apart else frame


def course_for(chart: Chart, *, actor: Actor) -> Course:
    """The course as far as the actor may read it."""
    return load_course(
        chart,
        restricted=may(actor, Permission.READ_RESTRICTED, chart),
        runs=may(actor, Permission.READ_EXERCISE_RUN, chart),
    )


def course_for_note(subject: Written, *, actor: Actor) -> Course:
    """The course that a note is signed into, as far as whoever signs it works with it."""
    if subject.is_apart:
        return frame_for_note(subject, actor=actor)
    chart = subject.couple
    return load_course(chart, restricted=may(actor, Permission.READ_RESTRICTED, chart))


def hidden_refs(chart: Chart, *, actor: Actor) -> frozenset[str]:
    """The ruptures of which the actor may not learn."""
    if may(actor, Permission.READ_RESTRICTED, chart):
        return frozenset()
    ruptures = load_frame(chart).ruptures
    return frozenset(one.ref for one in ruptures if one.details.visibility != "joint")


def shown_body(
    note: SessionNote, chart: Chart, *, hidden: frozenset[str] | None = None, actor: Actor
) -> NoteBody:
    """A note's text as far as the actor may read it.

    Who shows many notes works out `hidden_refs` once and gives it.
    """
    body = note.body
    if may(actor, Permission.READ_RESTRICTED, chart):
        return body
    if not actor.is_staff:
        return _body_for_partners(note, chart)
    if hidden is None:
        if may(actor, Permission.READ_RESTRICTED, written(chart, held_session(note))):
            return body
        hidden = hidden_refs(chart, actor=actor)
    return replace(body, content=for_emergency(body.content, hidden))


def _body_for_partners(note: SessionNote, chart: Chart) -> NoteBody:
    """A signed note as partners may read it. Raises `NotFound` for one that is not signed.

    The nonce is left out: with it the digest would tell which answer is withheld.
    """
    if note.signed_at is None:
        raise NotFound
    course = load_frame(chart)
    facts, number = course.facts(), course.numbers.get(note.id)
    session = next((one for one in facts.sessions if one.number == number), None)
    body = note.body
    content = for_partners(body.content, facts=facts, session=session, signed_at=note.signed_at)
    return NoteBody(content, body.late_reason)


def shown_content(
    note: SessionNote, chart: Chart, *, hidden: frozenset[str] | None = None, actor: Actor
) -> NoteContent:
    """What a note says; a draft without what it only keeps for an answer that may come back."""
    content = shown_body(note, chart, hidden=hidden, actor=actor).content
    return content if note.signed_at is not None else content.answered()
