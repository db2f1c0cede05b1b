"""What the note's screen sends, read into the note's values. Pure.

Every field is named by the path that findings speak of (`ratings.A.end.felt_safety`), so one name
serves the form, the list of what is missing and the link to the field. Rows that repeat announce
themselves in a list: `ruptures`, `new_ruptures` and `attempts` hold the keys of their rows.

A number that is none is kept as one outside every range, so that it is saved, named and never
silently dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    CycleSeen,
    Intervention,
    NewRupture,
    NoteContent,
    Rating,
    RuptureEntry,
    SafetyCheck,
)

NOT_A_NUMBER = -1
MOST_ROWS = 40
"""More rows of a kind than any session has; what lies beyond is not read."""


class Fields(Protocol):
    """What a form sends: several values under one name."""

    def getlist(self, key: str) -> list[str]:
        """All values under a name."""
        ...


def read_content(fields: Fields, *, members: Iterable[str]) -> NoteContent:
    """The note as the form tells it."""
    told = _EnteredFields(fields)
    partners = tuple(members)
    return NoteContent(
        attendance=tuple(_attendance(told, one) for one in partners),
        safety=_safety(told),
        checkins=_texts(told, "checkins", partners),
        ratings=tuple(_ratings(told)),
        ruptures=tuple(_entry(told, ref) for ref in told.rows("ruptures")),
        new_ruptures=tuple(_new_ruptures(told)),
        cycle=CycleSeen(
            told.text("cycle.text"),
            told.code("cycle.pattern"),
            _texts(told, "cycle.moves", partners),
        ),
        interventions=tuple(
            Intervention(code, told.text(f"interventions.{code}.text"))
            for code in told.codes("interventions")
        ),
        attempts=tuple(_attempts(told)),
        responses=_texts(told, "responses", partners),
        goals=told.lines("goals"),
        stage=told.text("stage"),
        plan=told.text("plan"),
        exercises=told.codes("exercises"),
        free_text=told.text("free_text"),
    )


class _EnteredFields:
    """The fields by name, each in the one form the note keeps it in."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """The text without spaces around it; browsers send CR LF for a line's end."""
        values = self._fields.getlist(name)
        return values[0].replace("\r\n", "\n").strip() if values else ""

    def code(self, name: str) -> str | None:
        return self.text(name) or None

    def codes(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one for one in self._fields.getlist(name) if one))

    def rows(self, name: str) -> tuple[str, ...]:
        return self.codes(name)[:MOST_ROWS]

    def lines(self, name: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.text(name).split("\n") if line.strip())

    def number(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        small = text.isascii() and text.isdigit() and len(text) <= 4
        return int(text) if small else NOT_A_NUMBER

    def flag(self, name: str) -> bool | None:
        return {"yes": True, "no": False}.get(self.text(name))

    def day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            return None


def _texts(told: _EnteredFields, name: str, partners: Iterable[str]) -> tuple[tuple[str, str], ...]:
    found = ((one, told.text(f"{name}.{one}")) for one in partners)
    return tuple((one, text) for one, text in found if text)


def _safety(told: _EnteredFields) -> SafetyCheck:
    """What a flag needs is read whatever the answer is: the answer may go back."""
    return SafetyCheck(
        told.code("safety.result"),
        told.text("safety.text"),
        level=told.number("safety.level"),
        action=told.text("safety.action"),
        review_on=told.day("safety.review_on"),
    )


def _attendance(told: _EnteredFields, partner: str) -> Attendance:
    place = f"attendance.{partner}"
    return Attendance(partner, told.code(place), told.text(f"{place}.text"))


def _ratings(told: _EnteredFields) -> Iterable[Rating]:
    for place in told.codes("ratings"):
        partner, _, point = place.partition(".")
        name = f"ratings.{place}"
        rating = Rating(
            partner,
            point,
            told.number(f"{name}.felt_safety"),
            told.number(f"{name}.defensiveness"),
            told.number(f"{name}.regulation"),
        )
        if rating != Rating(partner, point):
            yield rating


def _entry(told: _EnteredFields, ref: str) -> RuptureEntry:
    place = f"ruptures.{ref}"
    return RuptureEntry(
        ref=ref,
        worked_on=told.flag(f"{place}.worked_on"),
        intensity_a=told.number(f"{place}.intensity_a"),
        intensity_b=told.number(f"{place}.intensity_b"),
        status=told.code(f"{place}.status"),
        note=told.text(f"{place}.note"),
        reason=told.code(f"{place}.reason"),
        reason_text=told.text(f"{place}.reason_text"),
        confirmed_a=told.flag(f"{place}.confirmed_a"),
        confirmed_b=told.flag(f"{place}.confirmed_b"),
    )


def _new_ruptures(told: _EnteredFields) -> Iterable[NewRupture]:
    for key in told.rows("new_ruptures"):
        place = f"new_ruptures.{key}"
        title, types = told.text(f"{place}.title"), told.codes(f"{place}.types")
        significance = told.number(f"{place}.significance")
        if not title and not types and significance is None:
            continue  # a row nobody wrote in
        day = told.day(f"{place}.occurred_on")
        yield NewRupture(
            title=title,
            types=types,
            occurred_on=day,
            significance=significance,
            key=told.text(f"{place}.key"),
            status=told.code(f"{place}.status") or "open",
            level=told.code(f"{place}.level") or "within_couple",
            injured=told.code(f"{place}.injured") or "both",
            precision=(told.code(f"{place}.precision") or "exact") if day else "unknown",
            ongoing=told.flag(f"{place}.ongoing") is True,
            attachment_injury=told.flag(f"{place}.attachment_injury") is True,
            nature=told.code(f"{place}.nature"),
            visibility=told.code(f"{place}.visibility") or "joint",
        )


def _attempts(told: _EnteredFields) -> Iterable[Attempt]:
    for key in told.rows("attempts"):
        place = f"attempts.{key}"
        by, acts, receipt = (
            told.text(f"{place}.by"),
            told.codes(f"{place}.acts"),
            told.code(f"{place}.receipt"),
        )
        if not by and not acts and receipt is None:
            continue  # a row nobody wrote in
        yield Attempt(
            by=by,
            acts=acts,
            receipt=receipt,
            rupture=told.code(f"{place}.rupture"),
            happened_on=told.day(f"{place}.happened_on"),
            felt_safety_before=told.number(f"{place}.felt_safety_before"),
            felt_safety_after=told.number(f"{place}.felt_safety_after"),
            facilitated=told.flag(f"{place}.facilitated") is True,
        )


def filled_rows(fields: Fields, name: str) -> tuple[str, ...]:
    """The keys of the rows of `attempts` or `new_ruptures` that somebody wrote in, in order."""
    read = {"attempts": _attempts, "new_ruptures": _new_ruptures}[name]
    told = _EnteredFields(fields)
    return tuple(
        key for key in told.rows(name) if [*read(_EnteredFields(_OneRow(fields, name, key)))]
    )


class _OneRow:
    """The same fields with one row of a kind only."""

    def __init__(self, fields: Fields, name: str, key: str) -> None:
        self._fields, self._name, self._key = fields, name, key

    def getlist(self, key: str) -> list[str]:
        """All values under a name."""
        return [self._key] if key == self._name else self._fields.getlist(key)
