"""The clinic's instruments: adding a definition file, retiring one, and what is on the shelf."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database.transactions import lock_name, new_id, session, transaction
from clinic.foundation.errors import N_, Conflict, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.practice.instruments.models import InstrumentRow
from clinic.practice.rules.instruments import Instrument, parse_instrument


class InstrumentExists(Conflict):
    """Another text stands under this code, version and language."""

    code = "instrument-known"
    says = N_(
        "Another definition has this code, version and language. Give the new one a version of its"
        " own."
    )


@dataclass(frozen=True, slots=True)
class ClinicInstrument:
    """An instrument of the clinic; `retired_at` is set when it is no longer offered."""

    id: str
    instrument: Instrument
    file: str
    """The definition file as it was added."""
    added_at: datetime
    retired_at: datetime | None


def add_instrument(text: str, *, actor: Actor, now: datetime) -> Instrument:
    """Add a definition; the same again brings it back from retirement.

    What the newer file says of its licence, and around the questions, stands from then on.
    Raises `InstrumentBroken` with every problem, `InstrumentExists`, `NotAllowed`.
    """
    require(actor, Permission.MANAGE_INSTRUMENTS)
    found = parse_instrument(text)
    with transaction() as current:
        _lock_instruments(current, actor.clinic_id)
        row = _row(found.code, found.version, found.language, clinic_id=actor.clinic_id)
        if row is not None and not found.is_like(parse_instrument(row.definition)):
            raise InstrumentExists
        if row is None:
            row = _new_row(found, text, clinic_id=actor.clinic_id, now=now)
            current.add(row)
        row.definition, row.retired_at = text, None
        _record("instrument.added", row, actor=actor, now=now)
    return found


def learn_instrument(
    current: Session, text: str, *, clinic_id: str, actor: Actor, now: datetime
) -> None:
    """Store a definition that a couple's record brought along, inside the running transaction.

    What was scored by it can be read; it is offered when this clinic adds the file itself.
    """
    row = _new_row(parse_instrument(text), text, clinic_id=clinic_id, now=now)
    row.retired_at = now
    current.add(row)
    current.flush()
    _record("instrument.learned", row, actor=actor, now=now)


def retire_instrument(
    code: str, version: str, language: str, *, actor: Actor, now: datetime
) -> None:
    """Offer it no longer; what was scored by it stays. Raises `NotFound`, `NotAllowed`."""
    require(actor, Permission.MANAGE_INSTRUMENTS)
    with transaction() as current:
        _lock_instruments(current, actor.clinic_id)
        row = _row(code, version, language, clinic_id=actor.clinic_id)
        if row is None:
            raise NotFound(N_("There is no such instrument on the shelf."))
        row.retired_at = row.retired_at or now
        _record("instrument.retired", row, actor=actor, now=now)


def list_instruments(clinic_id: str) -> list[ClinicInstrument]:
    """All of them, retired ones too, by code."""
    rows = session().scalars(
        select(InstrumentRow)
        .where(InstrumentRow.clinic_id == clinic_id)
        .order_by(InstrumentRow.code, InstrumentRow.version, InstrumentRow.language)
    )
    return [
        ClinicInstrument(
            row.id,
            parse_instrument(row.definition),
            row.definition,
            row.added_at,
            row.retired_at,
        )
        for row in rows
    ]


def _lock_instruments(current: Session, clinic_id: str) -> None:
    """One change of the clinic's instruments at a time."""
    lock_name(current, b"instruments:" + clinic_id.encode("ascii"))


def _new_row(found: Instrument, text: str, *, clinic_id: str, now: datetime) -> InstrumentRow:
    return InstrumentRow(
        id=new_id(),
        clinic_id=clinic_id,
        code=found.code,
        version=found.version,
        language=found.language,
        definition=text,
        added_at=now,
    )


def _row(code: str, version: str, language: str, *, clinic_id: str) -> InstrumentRow | None:
    return session().scalar(
        select(InstrumentRow).where(
            InstrumentRow.clinic_id == clinic_id,
            InstrumentRow.code == code,
            InstrumentRow.version == version,
            InstrumentRow.language == language,
        )
    )


def _record(action: str, row: InstrumentRow, *, actor: Actor, now: datetime) -> None:
    audit.record(session(), action, kind="instrument", object_id=row.id, actor=actor, now=now)
