"""The writing screen's values, shaped for its template: rows with keys, anchors, choices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from flask_babel import gettext as _

from clinic.foundation.crypto.tokens import derived_token
from clinic.foundation.permissions.actors import Actor
from clinic.notes.course.load_course import CourseRupture
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.refusals import finding_text
from clinic.notes.rules.note_checks import Finding
from clinic.notes.rules.note_content import Attempt, NewRupture, NoteContent, Rating, RuptureEntry
from clinic.notes.session_notes.form_fields import Fields, filled_rows
from clinic.notes.session_notes.queries import NoteScreen

Row = TypeVar("Row")
RATED_POINTS = ("pre", "peak", "end")
_STANDS: dict[str, tuple[str, ...]] = {
    "open": ("open", "in_repair", "repaired", "parked", "closed_unrepaired"),
    "in_repair": ("in_repair", "repaired", "parked", "closed_unrepaired"),
    "reopened": ("reopened", "in_repair", "repaired", "parked", "closed_unrepaired"),
    "repaired": ("reopened", "in_repair"),
    "closed_unrepaired": (),
    "parked": (),
}


@dataclass(frozen=True, slots=True)
class Missing:
    """Something to see to, with the id of its field on the page."""

    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class RuptureFields:
    """A rupture on the screen: what is known, what was written of it, where it may stand."""

    known: CourseRupture
    entry: RuptureEntry
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenPage:
    """Everything the writing screen prints beside the note itself."""

    content: NoteContent
    late_reason: str
    revision: int
    missing: tuple[Missing, ...]
    ratings: Mapping[tuple[str, str], Rating]
    points: tuple[str, ...]
    open_rows: tuple[RuptureFields, ...]
    other_rows: tuple[RuptureFields, ...]
    attempts: tuple[tuple[str, Attempt], ...]
    new_ruptures: tuple[tuple[str, NewRupture], ...]
    needs_late_reason: bool
    device_secret: str

    @property
    def intervention_texts(self) -> dict[str, str]:
        """Return what was written of each intervention, by its code."""
        return {one.code: one.text for one in self.content.interventions}

    @property
    def rupture_choices(self) -> list[tuple[str, str]]:
        """Return the ruptures a repair attempt may belong to: reference and label."""
        known = [one.known for one in (*self.open_rows, *self.other_rows)]
        return [(one.ref, f"{one.ref} {one.details.title}") for one in known] + [
            (one.key or f"new-{key}", one.title or _("The new rupture"))
            for key, one in self.new_ruptures
        ]


def screen_page(
    screen: NoteScreen,
    *,
    content: NoteContent | None = None,
    late_reason: str | None = None,
    findings: Sequence[Finding] | None = None,
    blank: Iterable[str] = (),
    actor: Actor,
) -> ScreenPage:
    """The screen with what is saved, or with `content` where a save was refused.

    `blank` names the kinds of rows (`attempts`, `new_ruptures`) that get an empty one more.
    """
    body = screen.note.body
    shown = content or body.content
    found = screen.findings if findings is None else findings
    reason = body.late_reason if late_reason is None else late_reason
    more = set(blank)
    return ScreenPage(
        content=shown,
        late_reason=reason,
        revision=screen.note.revision,
        missing=missing_of(found, shown, names=first_names(screen.note.chart.names)),
        ratings={(one.partner, one.point): one for one in shown.ratings},
        points=_points(shown),
        open_rows=_rows(screen.open_ruptures, shown),
        other_rows=tuple(one for one in _rows(screen.other_ruptures, shown) if one.statuses),
        attempts=_keyed(shown.attempts, Attempt("", (), None) if "attempts" in more else None),
        new_ruptures=_keyed(shown.new_ruptures, NewRupture("") if "new_ruptures" in more else None),
        needs_late_reason=bool(reason) or any(one.path == "late_reason" for one in found),
        device_secret=device_secret(screen.note.id, actor=actor),
    )


def missing_of(
    findings: Iterable[Finding],
    content: NoteContent,
    *,
    names: Mapping[str, str],
    fields: Fields | None = None,
) -> tuple[Missing, ...]:
    """Findings with the ids of their fields on the page, and whom they concern."""
    keys = _keys(content, fields)
    return tuple(
        Missing(_anchor(one.path, content, keys), _about(one, names) + finding_text(one))
        for one in findings
    )


def _about(finding: Finding, names: Mapping[str, str]) -> str:
    head, _dot, rest = finding.path.partition(".")
    if head in {"attendance", "responses", "checkins", "ratings"}:
        who = rest.partition(".")[0]
        return f"{names.get(who) or who}: "
    return f"{rest.partition('.')[0]}: " if head == "ruptures" and rest else ""


def device_secret(note_id: str, *, actor: Actor) -> str:
    """What this account's browser seals its own copy of the note with.

    It can be made again after signing in, and is given to nobody else: a copy left on a device
    opens only for the account that wrote it.
    """
    return derived_token(actor.clinic_id, "note-on-device", actor.name, note_id)


def _points(content: NoteContent) -> tuple[str, ...]:
    used = dict.fromkeys(one.point for one in content.ratings if one.point not in RATED_POINTS)
    return (*used, *RATED_POINTS)


def _rows(ruptures: Iterable[CourseRupture], content: NoteContent) -> tuple[RuptureFields, ...]:
    entries = {one.ref: one for one in content.ruptures}
    return tuple(
        RuptureFields(
            one,
            entries.get(one.ref, RuptureEntry(one.ref)),
            () if one.state.merged else _STANDS.get(str(one.state.status or ""), ()),
        )
        for one in ruptures
    )


def _keyed(rows: Sequence[Row], blank: Row | None) -> tuple[tuple[str, Row], ...]:
    shown = [*rows, blank] if blank is not None else rows
    return tuple((str(at), one) for at, one in enumerate(shown))


def _keys(content: NoteContent, fields: Fields | None) -> dict[str, Sequence[str]]:
    if fields is None:
        return {
            "attempts": [str(at) for at in range(len(content.attempts))],
            "new_ruptures": [str(at) for at in range(len(content.new_ruptures))],
        }
    return {name: filled_rows(fields, name) for name in ("attempts", "new_ruptures")}


def _anchor(path: str, content: NoteContent, keys: Mapping[str, Sequence[str]]) -> str:
    head, _dot, rest = path.partition(".")
    at, _dot, tail = rest.partition(".")
    if head in keys and at.isdigit() and int(at) < len(keys[head]):
        return f"{head}.{keys[head][int(at)]}.{tail}"
    if head == "interventions" and at.isdigit() and int(at) < len(content.interventions):
        return f"interventions.{content.interventions[int(at)].code}.text"
    return path
