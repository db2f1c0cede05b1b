"""Writing down a run of the Transparency Window, reading the couple's runs, withdrawing one.

While a safety flag is open no run is written down: the exercise is not for then (domain 1.12).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database import new_id, session, transaction
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotFound
from clinic.foundation.permissions import Actor, Permission
from clinic.notes.access import Chart, find_chart, lock_course, tell_reading
from clinic.notes.at_home import KeptAlready
from clinic.notes.clinical_rules import refuse
from clinic.notes.exercise_models import ExerciseRun
from clinic.notes.signed_facts import instant_of
from clinic.notes.signed_ruptures import safety_flag_open
from clinic.notes.stored_runs import RunSeen, list_runs
from clinic.notes.window_run import RunDetails, run_problems


class ExercisesBlocked(Conflict):
    """No exercise while a safety flag is open."""

    code = "safety-flag-open"
    says = N_("A safety flag is open. No window is held, or written down, until it is cleared.")


@dataclass(frozen=True, slots=True)
class RunsPage:
    """A couple's runs, newest first, and whether another one may be held now."""

    chart: Chart
    runs: tuple[RunSeen, ...]
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
    """Keep a run, once for the form's `key`; its id. Raises `InvalidInput`, `ExercisesBlocked`."""
    with transaction() as current:
        chart = _locked(current, code, actor=actor, now=now)
        run_id = _id_for(chart, key)
        known = current.get(ExerciseRun, run_id)
        if known is not None:
            return _kept(known, details, happened_on)
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
            revision=1,
        )
        row.details = details
        current.add(row)
        _record(current, "exercise_run.added", row.id, actor=actor, now=now)
        return row.id


def withdraw_run(code: str, run_id: str, *, because: str, actor: Actor, now: datetime) -> None:
    """Take a run that was entered in error out of every count; it stays, with the reason."""
    if not because.strip() or len(because) > 2_000:
        raise InvalidInput({"because": [N_("Give the reason.")]})
    with transaction() as current:
        chart = _locked(current, code, actor=actor, now=now)
        row = current.get(ExerciseRun, run_id, populate_existing=True)
        if row is None or row.couple_id != chart.couple_id:
            raise NotFound
        if row.withdrawn_at is not None:
            raise Conflict(N_("This run is withdrawn already."), code="run-withdrawn")
        details = replace(row.details, withdrawn_because=because.strip())
        row.revision += 1
        row.details = details
        row.withdrawn_at, row.withdrawn_by = now, actor.name
        _record(current, "exercise_run.withdrawn", row.id, actor=actor, now=now)


def runs_page(code: str, *, actor: Actor, now: datetime) -> RunsPage:
    """A couple's runs, withdrawn ones too. Raises `NotFound`, `NotAllowed`."""
    chart = find_chart(code, permission=Permission.READ_EXERCISE_RUN, actor=actor, now=now)
    tell_reading(
        "exercise_run.listed", kind="couple", object_id=chart.couple_id, actor=actor, now=now
    )
    runs = tuple(reversed(list_runs(chart.couple_id)))
    return RunsPage(chart, runs, safety_flag_open(session(), chart.couple_id))


def _id_for(chart: Chart, key: str | None) -> str:
    """The id of what a form with this key keeps; a form without one keeps something each time."""
    if not key:
        return new_id()
    told = f"exercise_run:{chart.couple_id}:{key}"
    return sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _kept(known: ExerciseRun, details: RunDetails, happened_on: date) -> str:
    before = replace(known.details, withdrawn_because="")
    if (before, known.happened_on) != (details, happened_on):
        raise KeptAlready
    return known.id


def _locked(current: Session, code: str, *, actor: Actor, now: datetime) -> Chart:
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    lock_course(current, chart.couple_id)
    return chart


def _record(current: Session, action: str, run_id: str, *, actor: Actor, now: datetime) -> None:
    audit.record(current, action, kind="exercise_run", object_id=run_id, actor=actor, now=now)
