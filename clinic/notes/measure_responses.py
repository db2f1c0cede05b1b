"""Entering a partner's response to an instrument, reading a couple's, withdrawing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database import new_id, session, transaction
from clinic.foundation.errors import N_, Conflict, InvalidInput, NotFound
from clinic.foundation.permissions import Actor, Permission
from clinic.notes.access import Chart, find_chart, lock_course, tell_reading
from clinic.notes.at_home import KeptAlready
from clinic.notes.clinical_rules import refuse
from clinic.notes.measure_models import MeasureResponse
from clinic.notes.taken_measures import (
    MeasureDetails,
    from_answers,
    from_totals,
    measure_problems,
    told_problems,
)
from clinic.practice.instrument_shelf import OnShelf, list_instruments
from clinic.practice.instruments import Instrument


@dataclass(frozen=True, slots=True)
class MeasureSeen:
    """A stored response; `withdrawn_at` is set on one that was entered in error."""

    id: str
    taken_on: date
    author: str
    details: MeasureDetails
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureTold:
    """What the therapist typed: answers by item, or totals by scale."""

    partner: str
    instrument_id: str
    taken_on: date
    answers: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasuresPage:
    """A couple's responses, newest first, and the clinic's instruments."""

    chart: Chart
    responses: tuple[MeasureSeen, ...]
    shelf: tuple[OnShelf, ...]


def add_measure(
    code: str, told: MeasureTold, *, key: str | None = None, actor: Actor, now: datetime
) -> str:
    """Score and keep a response, once for the form's `key`; its id. Raises `InvalidInput`."""
    with transaction() as current:
        chart = _locked(current, code, actor=actor, now=now)
        details = _scored(chart, told, now=now)
        row_id = _id_for(chart, key)
        known = current.get(MeasureResponse, row_id)
        if known is not None:
            before = replace(known.details, withdrawn_because="")
            if (before, known.taken_on) != (details, told.taken_on):
                raise KeptAlready
            return row_id
        row = MeasureResponse(
            id=row_id,
            couple_id=chart.couple_id,
            taken_on=told.taken_on,
            entered_at=now,
            author=actor.name,
            revision=1,
        )
        row.details = details
        current.add(row)
        _record(current, "measure.added", row.id, actor=actor, now=now)
        return row.id


def withdraw_measure(
    code: str, response_id: str, *, because: str, actor: Actor, now: datetime
) -> None:
    """Take a response that was entered in error out of every chart; it stays, with the reason."""
    if not because.strip() or len(because) > 2_000:
        raise InvalidInput({"because": [N_("Give the reason.")]})
    with transaction() as current:
        chart = _locked(current, code, actor=actor, now=now)
        row = current.get(MeasureResponse, response_id, populate_existing=True)
        if row is None or row.couple_id != chart.couple_id:
            raise NotFound
        if row.withdrawn_at is not None:
            raise Conflict(N_("This response is withdrawn already."), code="measure-withdrawn")
        details = replace(row.details, withdrawn_because=because.strip())
        row.revision += 1
        row.details = details
        row.withdrawn_at, row.withdrawn_by = now, actor.name
        _record(current, "measure.withdrawn", row.id, actor=actor, now=now)


def measures_page(code: str, *, actor: Actor, now: datetime) -> MeasuresPage:
    """A couple's responses, withdrawn ones too. Raises `NotFound`, `NotAllowed`."""
    chart = find_chart(code, permission=Permission.READ_MEASURE, actor=actor, now=now)
    tell_reading("measure.listed", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    responses = tuple(reversed(list_measures(chart.couple_id)))
    return MeasuresPage(chart, responses, tuple(list_instruments(chart.clinic_id)))


def list_measures(couple_id: str) -> tuple[MeasureSeen, ...]:
    """The stored responses of a couple by the day they were told."""
    rows = session().scalars(
        select(MeasureResponse)
        .where(MeasureResponse.couple_id == couple_id)
        .order_by(MeasureResponse.taken_on, MeasureResponse.entered_at, MeasureResponse.id)
    )
    return tuple(
        MeasureSeen(row.id, row.taken_on, row.author, row.details, row.withdrawn_at) for row in rows
    )


def definitions(clinic_id: str) -> dict[tuple[str, str, str], Instrument]:
    """The clinic's definitions, retired ones too, by code, version and language."""
    found = (one.instrument for one in list_instruments(clinic_id))
    return {(one.code, one.version, one.language): one for one in found}


def definition_files(clinic_id: str) -> dict[tuple[str, str, str], str]:
    """The same as the files that were added."""
    found = list_instruments(clinic_id)
    return {
        (one.instrument.code, one.instrument.version, one.instrument.language): one.file
        for one in found
    }


def _scored(chart: Chart, told: MeasureTold, *, now: datetime) -> MeasureDetails:
    offered = {one.id: one for one in list_instruments(chart.clinic_id) if one.retired_at is None}
    if told.instrument_id not in offered:
        raise InvalidInput({"instrument": [N_("Choose one from the list.")]})
    instrument = offered[told.instrument_id].instrument
    refuse(told_problems(instrument, answers=told.answers, totals=told.totals))
    if told.totals:
        details = from_totals(instrument, partner=told.partner, totals=told.totals)
    else:
        details = from_answers(instrument, partner=told.partner, answers=told.answers)
    refuse(
        measure_problems(
            details, taken_on=told.taken_on, today=chart.day(now), members=chart.members
        )
    )
    return details


def _id_for(chart: Chart, key: str | None) -> str:
    if not key:
        return new_id()
    told = f"measure_response:{chart.couple_id}:{key}"
    return sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _locked(current: Session, code: str, *, actor: Actor, now: datetime) -> Chart:
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    lock_course(current, chart.couple_id)
    return chart


def _record(current: Session, action: str, row_id: str, *, actor: Actor, now: datetime) -> None:
    audit.record(current, action, kind="measure_response", object_id=row_id, actor=actor, now=now)
