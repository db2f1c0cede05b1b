"""SOAP, DAP, BIRP and GIRP as views of the one note. Source: domain 3.1.

A section is a code for its heading and lines that point to where each came from, so a page can
translate codes and an export can stay plain. Nothing is stored in these shapes.

Whatever the shape, presentation, safety, interventions, response, progress and plan are in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from clinic.notes.rules.note_content import NoteContent


@dataclass(frozen=True, slots=True)
class FormatLine:
    """One line: `kind` names the field, `who` a partner, rupture or code, `text` the words.

    `level` and `on` belong to a safety flag: how grave it is, and when it is looked at again.
    """

    kind: str
    who: str = ""
    text: str = ""
    codes: tuple[str, ...] = ()
    level: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (`subjective`, `plan`, ...) with its lines; empty sections are kept."""

    heading: str
    lines: tuple[FormatLine, ...]


def soap(content: NoteContent) -> tuple[Section, ...]:
    """Subjective, objective, assessment, plan."""
    return _sections(
        content,
        ("subjective", _subjective),
        ("objective", _objective),
        ("assessment", _assessment),
        ("plan", _plan),
    )


def dap(content: NoteContent) -> tuple[Section, ...]:
    """Data (subjective with objective), assessment, plan."""

    def data(one: NoteContent) -> list[FormatLine]:
        return _subjective(one) + _objective(one)

    return _sections(content, ("data", data), ("assessment", _assessment), ("plan", _plan))


def birp(content: NoteContent) -> tuple[Section, ...]:
    """Behaviour, intervention, response, plan."""
    return _sections(content, ("behaviour", _behaviour), *_TAIL)


def girp(content: NoteContent) -> tuple[Section, ...]:
    """Goals (with the presentation), intervention, response, plan."""
    return _sections(content, ("goals", _goals), *_TAIL)


def _sections(
    content: NoteContent, *parts: tuple[str, Callable[[NoteContent], list[FormatLine]]]
) -> tuple[Section, ...]:
    return tuple(Section(heading, tuple(lines(content))) for heading, lines in parts)


def _subjective(content: NoteContent) -> list[FormatLine]:
    return [FormatLine("checkin", who, text) for who, text in content.checkins] + _free(content)


def _free(content: NoteContent) -> list[FormatLine]:
    return [FormatLine("free_text", text=content.free_text)] if content.free_text else []


def _objective(content: NoteContent) -> list[FormatLine]:
    return _observed(content) + _intervention(content) + _response(content)


def _observed(content: NoteContent) -> list[FormatLine]:
    attended = [
        FormatLine("attendance", one.partner, one.text, (one.code,))
        for one in content.attendance
        if one.code
    ]
    return attended + _safety(content) + _ratings(content) + _cycle(content)


def _safety(content: NoteContent) -> list[FormatLine]:
    one = content.safety
    if not one.result:
        return []
    return [FormatLine("safety", text=one.text, codes=(one.result,), level=one.level)]


def _ratings(content: NoteContent) -> list[FormatLine]:
    lines = []
    for rating in content.ratings:
        named = ("felt_safety", "defensiveness", "regulation")
        told = [(name, getattr(rating, name)) for name in named]
        text = ", ".join(f"{name} {value}" for name, value in told if value is not None)
        if text:
            lines.append(FormatLine("rating", rating.partner, text, (rating.point,)))
    return lines


def _cycle(content: NoteContent) -> list[FormatLine]:
    cycle = content.cycle
    lines = [FormatLine("move", who, text) for who, text in cycle.moves]
    if cycle.text or cycle.pattern:
        lines.insert(0, FormatLine("cycle", text=cycle.text, codes=_codes(cycle.pattern)))
    return lines


def _assessment(content: NoteContent) -> list[FormatLine]:
    stage = [FormatLine("stage", text=content.stage)] if content.stage else []
    carried = [FormatLine("rupture", e.ref, e.note, _codes(e.status)) for e in content.ruptures]
    named = [FormatLine("new_rupture", text=n.title, codes=n.types) for n in content.new_ruptures]
    return stage + carried + named


def _behaviour(content: NoteContent) -> list[FormatLine]:
    return _subjective(content) + _observed(content)


def _goals(content: NoteContent) -> list[FormatLine]:
    return [FormatLine("goal", text=text) for text in content.goals] + _behaviour(content)


def _response_and_progress(content: NoteContent) -> list[FormatLine]:
    return _response(content) + _assessment(content)


def _intervention(content: NoteContent) -> list[FormatLine]:
    return [
        FormatLine("intervention", text=one.text, codes=(one.code,))
        for one in content.interventions
    ]


def _response(content: NoteContent) -> list[FormatLine]:
    responses = [FormatLine("response", who, text) for who, text in content.responses]
    attempts = [
        FormatLine("attempt", one.by, one.rupture or "", (*one.acts, *_codes(one.receipt)))
        for one in content.attempts
    ]
    return responses + attempts


def _plan(content: NoteContent) -> list[FormatLine]:
    safety = content.safety
    plan = [FormatLine("plan", text=content.plan)] if content.plan else []
    if safety.action:
        plan.append(FormatLine("safety_plan", text=safety.action, on=safety.review_on))
    return plan + [FormatLine("exercise", codes=(code,)) for code in content.exercises]


def _codes(code: str | None) -> tuple[str, ...]:
    return (code,) if code else ()


_TAIL: tuple[tuple[str, Callable[[NoteContent], list[FormatLine]]], ...] = (
    ("intervention", _intervention),
    ("response", _response_and_progress),
    ("plan", _plan),
)
