"""What the page of a Transparency Window sends, read into a run. Pure.

Each row is a moment of the window's clock: the minutes at which ratings are asked for, and free
ones. What is wrong is told at its row; a number that is none is kept as one outside every range.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinic.foundation.errors import N_
from clinic.notes.rules.selectable_terms import Problem
from clinic.notes.rules.transparency_window import (
    Happening,
    RunDetails,
    clock_text,
    replay,
    window_rules,
)
from clinic.notes.session_notes.form_fields import NOT_A_NUMBER

FREE_ROWS = 3
WENT_ON, PAUSED, STOPPED = "", "pause", "stop"


@dataclass(frozen=True, slots=True)
class Row:
    """One moment as it was typed; `at` is text in a free row."""

    key: str
    at: str
    ratings: tuple[tuple[str, str], ...]
    then: str
    waited: str
    is_free: bool

    @property
    def t_s(self) -> int:
        """The second on the window's clock; not a number where none was typed."""
        return read_clock(self.at)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was told."""
        told = [self.then, self.waited, *(text for _who, text in self.ratings)]
        return not any((*told, self.at)) if self.is_free else not any(told)


@dataclass(frozen=True, slots=True)
class RunTyped:
    """The run of a form, and the row that each entry of its log came from."""

    details: RunDetails
    rows: tuple[Row, ...]
    places: tuple[str, ...]

    def row_problems(self) -> list[Problem]:
        """What is wrong with a row as such, before the log is looked at."""
        found: list[Problem] = []
        for row in (one for one in self.rows if not one.is_blank):
            if row.t_s == NOT_A_NUMBER:
                found.append((_place(row.key), N_("Give the moment as minutes and seconds: 5:40.")))
            if row.then not in {WENT_ON, PAUSED, STOPPED}:
                found.append((_place(row.key), N_("Choose one from the list.")))
            if row.waited and (row.then != PAUSED or _number(row.waited) == NOT_A_NUMBER):
                found.append((_place(row.key), N_("Only a pause lasts some minutes.")))
        return found or self._unanswered()

    def at_rows(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems of the log told at the rows that they came from, each once."""
        told = [(self._row_of(place), said) for place, said in problems]
        return list(dict.fromkeys(told))

    def _row_of(self, place: str) -> str:
        head, _dot, at = place.partition(".")
        return self.places[int(at)] if head == "log" and at.isdigit() else place

    def _unanswered(self) -> list[Problem]:
        """Rows whose rating paused the window, without a word of what came of it."""
        log = self.details.log
        for at, place in enumerate(self.places):
            is_last = at + 1 == len(log) or self.places[at + 1] != place
            if is_last and replay(log[: at + 1], closed=False).is_paused:
                said = N_("This rating paused the window: say whether it was taken up again.")
                return [(place, said)]
        return []


def blank_rows(members: Sequence[str]) -> tuple[Row, ...]:
    """The rows of an empty form."""
    return read_rows({}, members=members)


def read_rows(fields: Mapping[str, str], *, members: Sequence[str]) -> tuple[Row, ...]:
    """The rows as they were typed, those with a set minute first."""
    asked = [(str(t_s), clock_text(t_s), False) for t_s in window_rules().prompts_s]
    free = [(f"free{n}", fields.get(f"rows.free{n}.at", ""), True) for n in range(FREE_ROWS)]
    return tuple(
        Row(
            key,
            at.strip(),
            tuple((who, fields.get(f"rows.{key}.{who}", "").strip()) for who in members),
            fields.get(f"rows.{key}.then", "").strip(),
            fields.get(f"rows.{key}.waited", "").strip(),
            is_free,
        )
        for key, at, is_free in (*asked, *free)
    )


def read_run(fields: Mapping[str, str], *, members: Sequence[str]) -> RunTyped:
    """The run that a form tells of."""
    rows = read_rows(fields, members=members)
    began = fields.get("began") != "no"
    entries = [(Happening(0, "start"), _place("0"))] if began else []
    told = sorted((one for one in rows if not one.is_blank and began), key=lambda one: one.t_s)
    entries += [(one, _place(row.key)) for row in told for one in _happenings(row)]
    asker = fields.get("asker", "")
    details = RunDetails(
        asker=asker,
        listener=next((who for who in members if who != asker), ""),
        question=_text(fields, "question"),
        consent_a=fields.get("consent_a") == "yes",
        consent_b=fields.get("consent_b") == "yes",
        log=tuple(one for one, _where in entries),
        reflection_a=_text(fields, "reflection_a"),
        reflection_b=_text(fields, "reflection_b"),
    )
    return RunTyped(details, rows, tuple(where for _one, where in entries))


def read_clock(text: str) -> int:
    """Seconds from `5:40` or whole minutes; not a number for anything else."""
    minutes, colon, seconds = text.strip().partition(":")
    whole, rest = _number(minutes), _number(seconds) if colon else 0
    if NOT_A_NUMBER in {whole, rest} or rest > 59:
        return NOT_A_NUMBER
    return whole * 60 + rest


def _happenings(row: Row) -> list[Happening]:
    found = [Happening(row.t_s, "tick", who, _number(text)) for who, text in row.ratings if text]
    if row.then == PAUSED:
        waited = _number(row.waited) * 60 if row.waited else None
        found.append(Happening(row.t_s, "pause"))
        found.append(Happening(row.t_s, "resume", waited_s=waited))
    if row.then == STOPPED:
        found.append(Happening(row.t_s, "stop"))
    return found


def _place(key: str) -> str:
    return f"rows.{key}"


def _number(text: str) -> int:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 4 else -1


def _text(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, "").replace("\r\n", "\n").strip()
