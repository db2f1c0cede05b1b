"""Finding words and codes in a couple's notes, or in those of all one's own couples.

There is no index of plain text: what the actor may read is opened, looked through and forgotten.
Whose chart was looked through is in the audit log before anything is opened.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from clinic.couples.models import Couple
from clinic.foundation import audit
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import N_, InvalidInput
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.notes.course.load_course import list_sessions
from clinic.notes.course.read_scope import (
    hidden_notes,
    hidden_refs,
    readable_statuses,
    shown_content,
)
from clinic.notes.record.note_models import NoteAddendum, SessionNote
from clinic.notes.record.open_record import Chart, find_chart, make_chart
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.note_content import NoteContent

CHARS_AROUND = 60
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for: words (all of them), a code of a vocabulary, a rupture, days."""

    words: str = ""
    term: str | None = None
    rupture: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Snippet:
    """A place where a word was found: the field's path and the text before, at and after it."""

    path: str
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A note in which everything wanted is."""

    code: str
    note_id: str
    number: int | None
    held_on: date
    status: str
    snippets: tuple[Snippet, ...]


def search_couple(code: str, wanted: Wanted, *, actor: Actor, now: datetime) -> list[Hit]:
    """The notes of one couple, newest first. Raises `NotFound`, `InvalidInput`."""
    _check(wanted)
    chart = find_chart(code, actor=actor, now=now)
    return _search([chart], wanted, actor=actor, now=now)


def search_own_couples(wanted: Wanted, *, actor: Actor, now: datetime) -> list[Hit]:
    """The notes of all couples whose lead therapist the actor is, newest first."""
    require(actor, Permission.OPEN_CHARTS)
    _check(wanted)
    if actor.therapist_id is None:
        return []
    couples = session().scalars(
        select(Couple)
        .where(Couple.clinic_id == actor.clinic_id)
        .where(Couple.lead_therapist_id == actor.therapist_id)
        .order_by(Couple.code)
    )
    charts = [make_chart(couple, now=now) for couple in couples]
    return _search(charts, wanted, actor=actor, now=now)


def _check(wanted: Wanted) -> None:
    if len(wanted.words) > 200:
        raise InvalidInput({"words": [N_("Look for at most 200 characters.")]})
    if not (wanted.words.strip() or wanted.term or wanted.rupture or wanted.since or wanted.until):
        raise InvalidInput({"words": [N_("Say what to look for.")]})


def _search(charts: Iterable[Chart], wanted: Wanted, *, actor: Actor, now: datetime) -> list[Hit]:
    looked = list(charts)
    with transaction() as current:
        for chart in looked:
            audit.record(
                current,
                "chart.searched",
                kind="couple",
                object_id=chart.couple_id,
                actor=actor,
                now=now,
            )
    hits = [hit for chart in looked for hit in _hits(chart, wanted, actor=actor)]
    return sorted(hits, key=lambda hit: (hit.held_on, hit.note_id), reverse=True)[:MOST]


def _hits(chart: Chart, wanted: Wanted, *, actor: Actor) -> Iterator[Hit]:
    numbers = {one.note_id: one.number for one in list_sessions(chart.couple_id)}
    said = _addenda(chart.couple_id)
    notes = session().scalars(
        select(SessionNote)
        .where(SessionNote.couple_id == chart.couple_id)
        .where(SessionNote.status.in_(readable_statuses(chart, actor=actor)))
        .where(SessionNote.id.not_in(hidden_notes(chart, actor=actor)))
    )
    hidden = hidden_refs(chart, actor=actor)
    for note in notes:
        on = chart.day(note.held_from)
        if (wanted.since and on < wanted.since) or (wanted.until and on > wanted.until):
            continue
        content = shown_content(note, chart, hidden=hidden, actor=actor)
        texts = [*_texts(to_plain(content), ""), *said.get(note.id, [])]
        snippets = _found(content, texts, wanted)
        if snippets is not None:
            yield Hit(chart.code, note.id, numbers.get(note.id), on, note.status, snippets)


def _found(
    content: NoteContent, texts: list[tuple[str, str]], wanted: Wanted
) -> tuple[Snippet, ...] | None:
    """The snippets of a note that fits, None for one that does not."""
    if wanted.rupture is not None and wanted.rupture not in _refs(content):
        return None
    if wanted.term is not None and not any(text == wanted.term for _, text in texts):
        return None
    snippets: list[Snippet] = []
    for word in fold(wanted.words)[0].split():
        places = [one for one in (_snippet(path, text, word) for path, text in texts) if one]
        if not places:
            return None
        snippets.append(places[0])
    return tuple(snippets)


def _refs(content: NoteContent) -> set[str | None]:
    return {
        *(one.ref for one in content.ruptures),
        *(one.key for one in content.new_ruptures),
        *(one.rupture for one in content.attempts),
    }


def _snippet(path: str, text: str, word: str) -> Snippet | None:
    folded, places = fold(text)
    at = folded.find(word)
    if at < 0:
        return None
    start, end = places[at], places[at + len(word) - 1] + 1
    before, after = text[max(0, start - CHARS_AROUND) : start], text[end : end + CHARS_AROUND]
    return Snippet(
        path,
        ("…" if start > CHARS_AROUND else "") + before,
        text[start:end],
        after + ("…" if end + CHARS_AROUND < len(text) else ""),
    )


def fold(text: str) -> tuple[str, list[int]]:
    """`text` without case and accents, and for each letter of it its place in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        for one in unicodedata.normalize("NFKD", sign).casefold():
            if not unicodedata.combining(one):
                letters.append(one)
                places.append(at)
    return "".join(letters), places


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _texts(one, f"{path}.{at}")
    elif isinstance(value, str) and value:
        yield path, value


def _addenda(couple_id: str) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    rows = session().scalars(select(NoteAddendum).where(NoteAddendum.couple_id == couple_id))
    for row in rows:
        found.setdefault(row.note_id, []).append((f"addendum.{row.number}", row.said.text))
    return found
