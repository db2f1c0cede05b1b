"""The couple's exercise runs as they are stored, read into plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.notes.record.entries_in_error import InError, marks_of
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.rules.transparency_window import RunDetails, RunState, replay


@dataclass(frozen=True)
class StoredRun:
    """A stored run; `in_error` is set on one that counts no longer."""

    id: str
    at: datetime
    happened_on: date
    entered_at: datetime
    author: str
    details: RunDetails
    in_error: InError | None = None

    @cached_property
    def state(self) -> RunState:
        """What its log comes to."""
        return replay(self.details.log)


def list_runs(couple_id: str, *, ids: Iterable[str] | None = None) -> tuple[StoredRun, ...]:
    """The stored runs of a couple (of these ids) by when they were held."""
    query = select(ExerciseRun).where(ExerciseRun.couple_id == couple_id)
    if ids is not None:
        query = query.where(ExerciseRun.id.in_(list(ids)))
    rows = session().scalars(query.order_by(ExerciseRun.at, ExerciseRun.entered_at, ExerciseRun.id))
    marks = marks_of("run", couple_id)
    return tuple(
        StoredRun(
            row.id,
            row.at,
            row.happened_on,
            row.entered_at,
            row.author,
            row.details,
            marks.get(row.id),
        )
        for row in rows
    )
