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
    entered = _EnteredFields(fields)
    partners = tuple(members)
    return NoteContent(
        attendance=tuple(_attendance(entered, one) for one in partners),
        safety=_safety(entered),
        checkins=_texts(entered, "checkins", partners),
        ratings=tuple(_ratings(entered)),
        ruptures=tuple(_entry(entered, ref) for ref in entered.rows("ruptures")),
        new_ruptures=tuple(_new_ruptures(entered)),
        cycle=CycleSeen(
            entered.text("cycle.text"),
            entered.code("cycle.pattern"),
            _texts(entered, "cycle.moves", partners),
        ),
        interventions=tuple(
            Intervention(code, entered.text(f"interventions.{code}.text"))
            for code in entered.codes("interventions")
        ),
        attempts=tuple(_attempts(entered)),
        responses=_texts(entered, "responses", partners),
        goals=entered.lines("goals"),
        stage=entered.text("stage"),
        plan=entered.text("plan"),
        exercises=entered.codes("exercises"),
        free_text=entered.text("free_text"),
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


def _texts(
    entered: _EnteredFields, name: str, partners: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    found = ((one, entered.text(f"{name}.{one}")) for one in partners)
    return tuple((one, text) for one, text in found if text)


def _safety(entered: _EnteredFields) -> SafetyCheck:
    """What a flag needs is read whatever the answer is: the answer may go back."""
    return SafetyCheck(
        entered.code("safety.result"),
        entered.text("safety.text"),
        level=entered.number("safety.level"),
        action=entered.text("safety.action"),
        review_on=entered.day("safety.review_on"),
    )


def _attendance(entered: _EnteredFields, partner: str) -> Attendance:
    place = f"attendance.{partner}"
    return Attendance(partner, entered.code(place), entered.text(f"{place}.text"))


def _ratings(entered: _EnteredFields) -> Iterable[Rating]:
    for place in entered.codes("ratings"):
        partner, _, point = place.partition(".")
        name = f"ratings.{place}"
        rating = Rating(
            partner,
            point,
            entered.number(f"{name}.felt_safety"),
            entered.number(f"{name}.defensiveness"),
            entered.number(f"{name}.regulation"),
        )
        if rating != Rating(partner, point):
            yield rating


def _entry(entered: _EnteredFields, ref: str) -> RuptureEntry:
    place = f"ruptures.{ref}"
    return RuptureEntry(
        ref=ref,
        worked_on=entered.flag(f"{place}.worked_on"),
        intensity_a=entered.number(f"{place}.intensity_a"),
        intensity_b=entered.number(f"{place}.intensity_b"),
        status=entered.code(f"{place}.status"),
        note=entered.text(f"{place}.note"),
        reason=entered.code(f"{place}.reason"),
        reason_text=entered.text(f"{place}.reason_text"),
        confirmed_a=entered.flag(f"{place}.confirmed_a"),
        confirmed_b=entered.flag(f"{place}.confirmed_b"),
    )


def _new_ruptures(entered: _EnteredFields) -> Iterable[NewRupture]:
    for key in entered.rows("new_ruptures"):
        place = f"new_ruptures.{key}"
        title, types = entered.text(f"{place}.title"), entered.codes(f"{place}.types")
        significance = entered.number(f"{place}.significance")
        if not title and not types and significance is None:
            continue  # a row nobody wrote in
        day = entered.day(f"{place}.occurred_on")
        yield NewRupture(
            title=title,
            types=types,
            occurred_on=day,
            significance=significance,
            key=entered.text(f"{place}.key"),
            status=entered.code(f"{place}.status") or "open",
            level=entered.code(f"{place}.level") or "within_couple",
            injured=entered.code(f"{place}.injured") or "both",
            precision=(entered.code(f"{place}.precision") or "exact") if day else "unknown",
            ongoing=entered.flag(f"{place}.ongoing") is True,
            attachment_injury=entered.flag(f"{place}.attachment_injury") is True,
            nature=entered.code(f"{place}.nature"),
            visibility=entered.code(f"{place}.visibility") or "joint",
        )


def _attempts(entered: _EnteredFields) -> Iterable[Attempt]:
    for key in entered.rows("attempts"):
        place = f"attempts.{key}"
        by, acts, receipt = (
            entered.text(f"{place}.by"),
            entered.codes(f"{place}.acts"),
            entered.code(f"{place}.receipt"),
        )
        if not by and not acts and receipt is None:
            continue  # a row nobody wrote in
        yield Attempt(
            by=by,
            acts=acts,
            receipt=receipt,
            rupture=entered.code(f"{place}.rupture"),
            happened_on=entered.day(f"{place}.happened_on"),
            felt_safety_before=entered.number(f"{place}.felt_safety_before"),
            felt_safety_after=entered.number(f"{place}.felt_safety_after"),
            facilitated=entered.flag(f"{place}.facilitated") is True,
        )


def filled_rows(fields: Fields, name: str) -> tuple[str, ...]:
    """The keys of the rows of `attempts` or `new_ruptures` that somebody wrote in, in order."""
    read = {"attempts": _attempts, "new_ruptures": _new_ruptures}[name]
    entered = _EnteredFields(fields)
    return tuple(
        key for key in entered.rows(name) if [*read(_EnteredFields(_OneRow(fields, name, key)))]
    )


class _OneRow:
    """The same fields with one row of a kind only."""

    def __init__(self, fields: Fields, name: str, key: str) -> None:
        self._fields, self._name, self._key = fields, name, key

    def getlist(self, key: str) -> list[str]:
        """All values under a name."""
        return [self._key] if key == self._name else self._fields.getlist(key)
