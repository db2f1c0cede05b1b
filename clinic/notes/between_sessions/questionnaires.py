"""Entering a partner's response to an instrument, reading a couple's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select

from clinic.foundation import audit
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import N_, InvalidInput
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.record.entries_in_error import InError, marks_of
from clinic.notes.record.idempotent_forms import id_of_form, is_stored
from clinic.notes.record.open_record import Chart, audit_read, changing_chart, find_chart
from clinic.notes.record.questionnaire_models import MeasureResponse
from clinic.notes.rules.clinical_checks import refuse
from clinic.notes.rules.questionnaire_responses import (
    MeasureDetails,
    from_answers,
    from_totals,
    measure_problems,
    response_problems,
)
from clinic.practice.instruments.service import ClinicInstrument, list_instruments
from clinic.practice.rules.instruments import Instrument


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A stored response; `in_error` is set on one that counts no longer."""

    id: str
    taken_on: date
    entered_at: datetime
    author: str
    details: MeasureDetails
    in_error: InError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredResponse:
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
    responses: tuple[StoredResponse, ...]
    shelf: tuple[ClinicInstrument, ...]


def add_measure(
    code: str, entered: EnteredResponse, *, key: str | None = None, actor: Actor, now: datetime
) -> str:
    """Score and keep a response, once for the form's `key`; its id. Raises `InvalidInput`."""
    with changing_chart(code, actor=actor, now=now) as (current, chart):
        details = _scored(chart, entered, now=now)
        row_id = id_of_form(MeasureResponse, chart.couple_id, key)
        known = is_stored(
            current,
            MeasureResponse,
            row_id,
            lambda row: (row.details, row.taken_on) == (details, entered.taken_on),
        )
        if known:
            return row_id
        row = MeasureResponse(
            id=row_id,
            couple_id=chart.couple_id,
            taken_on=entered.taken_on,
            entered_at=now,
            author=actor.name,
        )
        row.details = details
        current.add(row)
        audit.record(
            current,
            "measure.added",
            kind="measure_response",
            object_id=row.id,
            actor=actor,
            now=now,
        )
        return row.id


def measures_page(code: str, *, actor: Actor, now: datetime) -> MeasuresPage:
    """A couple's responses, those entered in error too. Raises `NotFound`, `NotAllowed`."""
    chart = find_chart(code, permission=Permission.READ_MEASURE, actor=actor, now=now)
    audit_read("measure.listed", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    responses = tuple(reversed(list_measures(chart.couple_id)))
    return MeasuresPage(chart, responses, tuple(list_instruments(chart.clinic_id)))


def list_measures(couple_id: str) -> tuple[StoredResponse, ...]:
    """The stored responses of a couple by the day they were told."""
    rows = session().scalars(
        select(MeasureResponse)
        .where(MeasureResponse.couple_id == couple_id)
        .order_by(MeasureResponse.taken_on, MeasureResponse.entered_at, MeasureResponse.id)
    )
    marks = marks_of("measure", couple_id)
    return tuple(
        StoredResponse(
            row.id, row.taken_on, row.entered_at, row.author, row.details, marks.get(row.id)
        )
        for row in rows
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


def _scored(chart: Chart, entered: EnteredResponse, *, now: datetime) -> MeasureDetails:
    offered = {one.id: one for one in list_instruments(chart.clinic_id) if one.retired_at is None}
    if entered.instrument_id not in offered:
        raise InvalidInput({"instrument": [N_("Choose one from the list.")]})
    instrument = offered[entered.instrument_id].instrument
    refuse(response_problems(instrument, answers=entered.answers, totals=entered.totals))
    if entered.totals:
        details = from_totals(instrument, partner=entered.partner, totals=entered.totals)
    else:
        details = from_answers(instrument, partner=entered.partner, answers=entered.answers)
    refuse(
        measure_problems(
            details, taken_on=entered.taken_on, today=chart.day(now), members=chart.members
        )
    )
    return details
