"""Writing down a run of the Transparency Window, reading the couple's runs.

While a safety flag is open no run is written down: the exercise is not for then (domain 1.12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from clinic.foundation import audit
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import N_, Conflict
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.stored_windows import StoredRun, list_runs
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.record.idempotent_forms import id_of_form, is_stored
from clinic.notes.record.open_record import Chart, audit_read, changing_chart, find_chart
from clinic.notes.rules.clinical_checks import refuse
from clinic.notes.rules.transparency_window import RunDetails, run_problems
from clinic.notes.ruptures.signed_ruptures import safety_flag_open
from clinic.notes.signing.signed_facts import instant_of


class ExercisesBlocked(Conflict):
    """No exercise while a safety flag is open."""

    code = "safety-flag-open"
    says = N_("A safety flag is open. No window is held, or written down, until it is cleared.")


@dataclass(frozen=True, slots=True)
class RunsPage:
    """A couple's runs, newest first, and whether another one may be held now."""

    chart: Chart
    runs: tuple[StoredRun, ...]
    is_blocked: bool


def add_run(
    code: str,
    details: RunDetails,
    *,
    happened_on: date,
    key: str | None = None,
    actor: Actor,
    now: datetime,
) -> str:
    """Store a run, once for the form's `key`; return its id.

    Raises `InvalidInput`, `ExercisesBlocked`.
    """

    def is_same(row: ExerciseRun) -> bool:
        return (row.details, row.happened_on) == (details, happened_on)

    with changing_chart(code, actor=actor, now=now) as (current, chart):
        run_id = id_of_form(ExerciseRun, chart.couple_id, key)
        if is_stored(current, ExerciseRun, run_id, is_same):
            return run_id
        if safety_flag_open(current, chart.couple_id):
            raise ExercisesBlocked
        refuse(
            run_problems(
                details, happened_on=happened_on, today=chart.day(now), members=chart.members
            )
        )
        row = ExerciseRun(
            id=run_id,
            couple_id=chart.couple_id,
            at=instant_of(happened_on, zone=chart.zone, sooner_than=now),
            happened_on=happened_on,
            entered_at=now,
            author=actor.name,
        )
        row.details = details
        current.add(row)
        audit.record(
            current,
            "exercise_run.added",
            kind="exercise_run",
            object_id=row.id,
            actor=actor,
            now=now,
        )
        return row.id


def runs_page(code: str, *, actor: Actor, now: datetime) -> RunsPage:
    """A couple's runs, those entered in error too. Raises `NotFound`, `NotAllowed`."""
    chart = find_chart(code, permission=Permission.READ_EXERCISE_RUN, actor=actor, now=now)
    audit_read(
        "exercise_run.listed", kind="couple", object_id=chart.couple_id, actor=actor, now=now
    )
    runs = tuple(reversed(list_runs(chart.couple_id)))
    return RunsPage(chart, runs, safety_flag_open(session(), chart.couple_id))
