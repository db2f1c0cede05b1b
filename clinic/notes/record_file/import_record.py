"""Reading a couple's record from a file: all of it, or nothing and every problem with its place."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.couples.models import Couple, CoupleMember, Partner
from clinic.couples.service import EMAIL_INDEX
from clinic.foundation import audit, outbox
from clinic.foundation.crypto.blind_index import index_of
from clinic.foundation.crypto.data_keys import create_keys
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.notes.between_sessions.questionnaires import definitions
from clinic.notes.record.open_record import lock_course
from clinic.notes.record.sealed_rows import SealedValue
from clinic.notes.record_file.consistency_check import record_problems
from clinic.notes.record_file.document import CoupleRecord, LeadPart, MemberPart
from clinic.notes.record_file.instruments import instrument_clashes, new_instruments
from clinic.notes.record_file.tables import HELD_BY, TABLES, RecordTable
from clinic.notes.record_file.terms import new_terms, term_problems
from clinic.notes.record_file.versions import KNOWN, in_todays_form
from clinic.notes.record_file.written_texts import written_of
from clinic.notes.rules.json_structure import NotPlain, from_plain
from clinic.notes.rules.sealing import RECALL_WINDOW
from clinic.notes.rules.selectable_terms import Problem
from clinic.notes.signing.signing import SEAL
from clinic.practice.clinic.clinics import open_clinic, the_clinic
from clinic.practice.instruments.service import learn_instrument
from clinic.practice.locks import lock_practice
from clinic.practice.models import Clinic, Therapist
from clinic.practice.rules.custom_terms import Terms
from clinic.practice.rules.vocabulary import load_all
from clinic.practice.vocabularies.service import learn_term
from clinic.practice.vocabularies.terms import terms_of


class RecordRefused(InvalidInput):
    """The file is not taken; `problems` lists (place, sentence). Nothing of it was stored."""

    code = "record-refused"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        errors: dict[str, list[str]] = {}
        for place, said in problems:
            errors.setdefault(place or "the file", []).append(said)
        super().__init__(errors)


def import_record(text: str, *, now: datetime) -> str:
    """Store the record in `text`; the couple's code. Raises `RecordRefused`.

    In a database without a clinic one is opened for it; a lead therapist who is not known here
    gets a profile that is not offered for booking; terms that the other clinic had added can be
    read here, and are offered once this clinic takes them up; so are definitions of instruments.
    """
    record = parse_record(text, terms=_terms_of_the_clinic(), now=now)
    with transaction() as current:
        clinic = _clinic(now=now)
        _lock(current, record, clinic)
        problems = _clashes(current, record, clinic)
        if problems:
            raise RecordRefused(problems)
        _store(current, record, clinic, now=now)
    return record.couple.code


def _lock(current: Session, record: CoupleRecord, clinic: Clinic) -> None:
    """Let nobody else store this couple, number one, or change the clinic's own words."""
    lock_practice(current, clinic.id)
    current.refresh(clinic, with_for_update={"key_share": True})
    lock_course(current, record.couple.id)


def parse_record(text: str, *, terms: Terms, now: datetime) -> CoupleRecord:
    """The record in `text`, checked with the terms that are known. Raises `RecordRefused`."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as broken:
        said = getattr(broken, "msg", "it cannot be read")
        raise RecordRefused([("", f"This is not JSON: {said}.")]) from None
    if not isinstance(raw, dict) or raw.get("format") not in KNOWN:
        raise RecordRefused([("format", f"This is not a couple's record ({', '.join(KNOWN)}).")])
    try:
        record = from_plain(CoupleRecord, in_todays_form(raw))
    except NotPlain as refused:
        raise RecordRefused(list(refused.problems)) from None
    problems = record_problems(record, terms=terms, today=now.astimezone(UTC).date())
    if problems:
        raise RecordRefused(problems)
    return record


def _terms_of_the_clinic() -> Terms:
    try:
        return terms_of(the_clinic().id)
    except NotFound:
        return load_all()


def _clinic(*, now: datetime) -> Clinic:
    try:
        return the_clinic()
    except NotFound:
        return open_clinic(
            slug="clinic",
            name="Clinic",
            short_name="Clinic",
            time_zone="Europe/Lisbon",
            email="clinic@clinic.invalid",
            now=now,
        )


def _clashes(current: Session, record: CoupleRecord, clinic: Clinic) -> list[Problem]:
    """What of the record is here already."""
    problems: list[Problem] = []
    couple = record.couple
    same = select(Couple.id).where(Couple.clinic_id == clinic.id, Couple.code == couple.code)
    if current.scalar(same) is not None:
        problems.append(("couple.code", f"There is a couple {couple.code} here already."))
    if current.get(Couple, couple.id) is not None:
        return [*problems, ("couple.id", "This couple is here already.")]
    problems += term_problems(record, terms_of(clinic.id))  # they may have changed since
    problems += instrument_clashes(record, definitions(clinic.id))
    people: list[tuple[str, LeadPart | None]] = [("couple.lead_therapist", couple.lead_therapist)]
    people += [(f"notes[{at}].held_by", one.held_by) for at, one in enumerate(record.notes)]
    for place, told in people:
        known = _therapist(current, told, clinic) if told else None
        if told and known and known.name != told.name:
            problems.append((place, "Somebody else here has this slug."))
    for table in TABLES:
        row: Any = table.row
        parts = getattr(record, table.name)
        used = _used_ids(current, row, [one.id for one in parts])
        problems += [
            (f"{table.name}[{at}].id", "This is here already.")
            for at, one in enumerate(parts)
            if one.id in used
        ]
    for at, member in enumerate(record.members):
        if _used_ids(current, CoupleMember, [member.id]) or _used_ids(
            current, Partner, [member.person.id]
        ):
            problems.append((f"members[{at}].id", "This is here already."))
    return problems


def _used_ids(current: Session, row: Any, ids: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        found.update(current.scalars(select(row.id).where(row.id.in_(part))))
    return found


def _store(current: Session, record: CoupleRecord, clinic: Clinic, *, now: datetime) -> None:
    couple = Couple(
        id=record.couple.id,
        clinic_id=clinic.id,
        code=record.couple.code,
        status=record.couple.status,
        lead_therapist_id=_find_or_make_therapist(
            current, record.couple.lead_therapist, clinic, now=now
        ),
        created_at=record.couple.created_at,
    )
    current.add(couple)
    clinic.couples_counted = max(clinic.couples_counted, int(couple.code.removeprefix("C-")))
    current.flush()
    create_keys(current, owner=couple.id)
    actor = Actor(clinic_id=clinic.id, name="system:import", is_system=True)
    for change in new_terms(record, terms_of(clinic.id)):
        learn_term(current, clinic, change, actor=actor, now=now)
    for text in new_instruments(record, definitions(clinic.id)):
        learn_instrument(current, text, clinic_id=clinic.id, actor=actor, now=now)
    for member in record.members:
        _store_member(current, couple, member)
    for table in TABLES:
        _store_rows(current, record, table, clinic, now=now)
    for note in record.notes:
        if note.signed_at is not None and note.sealed_at is None:
            due = note.signed_at + RECALL_WINDOW
            outbox.promise(current, SEAL, {"note": note.id}, now=now, due_at=due)
    audit.record(
        current, "record.imported", kind="couple", object_id=couple.id, actor=actor, now=now
    )


def _therapist(current: Session, lead: LeadPart, clinic: Clinic) -> Therapist | None:
    return current.scalar(
        select(Therapist).where(Therapist.clinic_id == clinic.id, Therapist.slug == lead.slug)
    )


def _find_or_make_therapist(
    current: Session, lead: LeadPart | None, clinic: Clinic, *, now: datetime
) -> str | None:
    if lead is None:
        return None
    known = _therapist(current, lead, clinic)
    if known is not None:
        return known.id
    row = Therapist(
        id=new_id(),
        clinic_id=clinic.id,
        slug=lead.slug,
        name=lead.name,
        time_zone=clinic.time_zone,
        active=False,
        accepts_new_couples=False,
        created_at=now,
    )
    current.add(row)
    current.flush()
    return row.id


def _store_member(current: Session, couple: Couple, member: MemberPart) -> None:
    told = member.person
    person = Partner(
        id=told.id,
        seal_owner=couple.id,
        language=told.language,
        time_zone=told.time_zone,
        created_at=told.created_at,
    )
    person.name, person.email = told.name, told.email
    if told.email is not None:
        person.email_index = index_of(couple.clinic_id, told.email, purpose=EMAIL_INDEX)
    current.add(person)
    current.flush()
    current.add(
        CoupleMember(
            id=member.id,
            couple_id=couple.id,
            person_id=person.id,
            slot=member.slot,
            joined_at=member.joined_at,
            left_at=member.left_at,
        )
    )
    current.flush()


def _store_rows(
    current: Session, record: CoupleRecord, table: RecordTable, clinic: Clinic, *, now: datetime
) -> None:
    make: Any = table.row
    written = written_of(record)
    for part in getattr(record, table.name):
        values = {one.name: getattr(part, one.name) for one in fields(part)}
        sealed = values.pop(table.sealed)
        if table.name == "notes":
            values["clinic_id"] = clinic.id
            held_by = _find_or_make_therapist(current, values.pop(HELD_BY), clinic, now=now)
            values["held_by_id"] = held_by
        row = make(couple_id=record.couple.id, **values)
        if (table.name, part.id) in written:
            text: SealedValue[Any] = getattr(make, table.sealed)
            text.restore(row, written[table.name, part.id])
        else:
            setattr(row, table.sealed, sealed)
        current.add(row)
    current.flush()
