"""How much of a chart an actor reads: all of it, the signed notes, or only the joint part."""

from __future__ import annotations

from clinic.foundation.permissions import Actor, Permission
from clinic.notes.access import Chart, may
from clinic.notes.clinical_values import NoteBody
from clinic.notes.course import SIGNED, Course, load_course
from clinic.notes.models import INDIVIDUAL_KINDS, SessionNote
from clinic.notes.redaction import without_ruptures
from clinic.notes.seal import NoteStatus


def readable_statuses(chart: Chart, *, actor: Actor) -> tuple[str, ...]:
    """The statuses of notes that the actor may read in this chart."""
    if may(actor, Permission.READ_DRAFT_NOTE, chart):
        return tuple(NoteStatus)
    return SIGNED if may(actor, Permission.READ_SIGNED_NOTE, chart) else ()


def hidden_kinds(chart: Chart, *, actor: Actor) -> tuple[str, ...]:
    """Kinds of notes that are not part of what the actor opened."""
    return () if may(actor, Permission.READ_RESTRICTED, chart) else INDIVIDUAL_KINDS


def course_for(chart: Chart, *, actor: Actor) -> Course:
    """The course as far as the actor may read it."""
    return load_course(chart, restricted=may(actor, Permission.READ_RESTRICTED, chart))


def shown_body(note: SessionNote, chart: Chart, *, actor: Actor) -> NoteBody:
    """A note's text as far as the actor may read it."""
    body = note.body
    if may(actor, Permission.READ_RESTRICTED, chart):
        return body
    hidden = {one.ref for one in load_course(chart).ruptures if one.details.visibility != "joint"}
    return NoteBody(without_ruptures(body.content, hidden), body.late_reason, body.nonce)
