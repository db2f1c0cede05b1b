"""How far a note is, without its text: what a page asks for while somebody writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from clinic.foundation.permissions.actors import Actor
from clinic.notes.record.held_sessions import held_session
from clinic.notes.record.open_record import find_note, written
from clinic.notes.session_notes.drafts import chart_of_note


@dataclass(frozen=True, slots=True)
class NoteState:
    """The saved revision and status of a note, and the partners it is about."""

    revision: int
    status: str
    members: tuple[str, ...]
    names: Mapping[str, str]


def note_state(note_id: str, *, actor: Actor, now: datetime) -> NoteState:
    """The state of a note that the actor may write. Raises `NotFound`, `NotAllowed`."""
    note, chart = find_note(note_id, actor=actor, now=now)
    about = chart_of_note(chart, written(chart, held_session(note)), note)
    return NoteState(note.revision, note.status, about.members, about.names)
