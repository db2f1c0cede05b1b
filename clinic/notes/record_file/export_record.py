"""Writing a couple's record as one document, the same bytes for the same record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from clinic.couples.models import Couple, CoupleMember
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.between_sessions.questionnaires import definition_files
from clinic.notes.record.held_sessions import held_sessions
from clinic.notes.record.open_record import audit_read, find_chart
from clinic.notes.record.sealed_rows import SealedValue
from clinic.notes.record_file.document import (
    RECORD_FORMAT,
    CouplePart,
    CoupleRecord,
    LeadPart,
    MemberPart,
    NotePart,
    PersonPart,
    WrittenPart,
)
from clinic.notes.record_file.instruments import used_instruments
from clinic.notes.record_file.tables import TABLES, RecordTable
from clinic.notes.record_file.terms import used_terms
from clinic.notes.record_file.written_texts import SIGNED_TEXTS, written_part
from clinic.notes.rules.json_values import to_plain
from clinic.practice.models import Therapist
from clinic.practice.vocabularies.terms import terms_of


def export_record(code: str, *, actor: Actor, now: datetime) -> str:
    """The couple's record as JSON text. Raises `NotFound`, `NotAllowed`."""
    chart = find_chart(code, permission=Permission.EXPORT_RECORD, actor=actor, now=now)
    audit_read("record.exported", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    return record_text(read_record(chart.couple_id))


def record_text(record: CoupleRecord) -> str:
    """A record in its one written form."""
    return json.dumps(to_plain(record), ensure_ascii=False, indent=1) + "\n"


def read_record(couple_id: str) -> CoupleRecord:
    """A couple's record from the database."""
    couple = session().get_one(Couple, couple_id)
    members = session().scalars(
        select(CoupleMember).where(CoupleMember.couple_id == couple_id).order_by(CoupleMember.slot)
    )
    lists: dict[str, Any] = {table.name: _parts(table, couple_id) for table in TABLES}
    lists["notes"] = _with_holder(lists["notes"], couple_id)
    record = CoupleRecord(
        format=RECORD_FORMAT,
        couple=CouplePart(
            couple.id,
            couple.code,
            couple.status,
            couple.created_at,
            _therapist(couple.lead_therapist_id),
        ),
        members=tuple(_member(one) for one in members),
        **lists,
        written=_written(couple_id) or None,
    )
    return replace(
        record,
        terms=used_terms(record, terms_of(couple.clinic_id)),
        instruments=used_instruments(record, definition_files(couple.clinic_id)),
    )


def _parts(table: RecordTable, couple_id: str) -> tuple[Any, ...]:
    row: Any = table.row
    order = [getattr(row, name) for name in table.order]
    found = session().scalars(select(row).where(row.couple_id == couple_id).order_by(*order))
    names = (*table.plain, table.sealed)
    return tuple(table.part(**{name: getattr(one, name) for name in names}) for one in found)


def _with_holder(notes: tuple[NotePart, ...], couple_id: str) -> tuple[NotePart, ...]:
    """The notes with the therapist who held the session, where another than the lead did."""
    held = held_sessions(couple_id)
    return tuple(
        replace(one, held_by=_therapist(held[one.id].held_by)) if held[one.id].held_by else one
        for one in notes
    )


def _written(couple_id: str) -> tuple[WrittenPart, ...]:
    """What was signed with characters that the record shows as U+FFFD."""
    return tuple(
        written_part(table.name, one.id, text.plain_as_written(one))
        for table in TABLES
        if table.name in SIGNED_TEXTS
        for text in (_sealed(table),)
        for one in _signed(table, couple_id)
        if not text.is_readable(one)
    )


def _sealed(table: RecordTable) -> SealedValue[Any]:
    text: SealedValue[Any] = getattr(table.row, table.sealed)
    return text


def _signed(table: RecordTable, couple_id: str) -> Iterable[Any]:
    row: Any = table.row
    signed = row.signed_digest if table.name == "notes" else row.digest
    return session().scalars(
        select(row).where(row.couple_id == couple_id, signed.is_not(None)).order_by(row.id)
    )


def _therapist(therapist_id: str | None) -> LeadPart | None:
    if therapist_id is None:
        return None
    therapist = session().get_one(Therapist, therapist_id)
    return LeadPart(therapist.slug, therapist.name)


def _member(member: CoupleMember) -> MemberPart:
    person = member.person
    return MemberPart(
        id=member.id,
        slot=member.slot,
        joined_at=member.joined_at,
        left_at=member.left_at,
        person=PersonPart(
            person.id,
            person.name,
            person.email,
            person.language,
            person.time_zone,
            person.created_at,
        ),
    )
