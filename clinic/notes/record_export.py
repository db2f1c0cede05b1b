"""Writing a couple's record as one document, the same bytes for the same record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from clinic.couples.models import Couple, CoupleMember
from clinic.foundation.database import session
from clinic.foundation.permissions import Actor, Permission
from clinic.notes.access import find_chart, tell_reading
from clinic.notes.measure_responses import definition_files
from clinic.notes.plain_json import to_plain
from clinic.notes.record_instruments import used_instruments
from clinic.notes.record_shape import (
    FORMAT,
    CouplePart,
    CoupleRecord,
    LeadPart,
    MemberPart,
    PersonPart,
)
from clinic.notes.record_tables import TABLES, RecordTable
from clinic.notes.record_terms import used_terms
from clinic.practice.models import Therapist
from clinic.practice.terms import terms_of


def export_record(code: str, *, actor: Actor, now: datetime) -> str:
    """The couple's record as JSON text. Raises `NotFound`, `NotAllowed`."""
    chart = find_chart(code, permission=Permission.EXPORT_RECORD, actor=actor, now=now)
    tell_reading("record.exported", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
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
    record = CoupleRecord(
        format=FORMAT,
        couple=CouplePart(couple.id, couple.code, couple.status, couple.created_at, _lead(couple)),
        members=tuple(_member(one) for one in members),
        **lists,
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


def _lead(couple: Couple) -> LeadPart | None:
    if couple.lead_therapist_id is None:
        return None
    lead = session().get_one(Therapist, couple.lead_therapist_id)
    return LeadPart(lead.slug, lead.name)


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
