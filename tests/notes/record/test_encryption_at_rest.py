"""What lies in the database: no clinical word in its bytes, and nothing opens out of its place."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.crypto.data_keys import KeyMissing, KeyPurpose, WrappedKey
from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.database.transactions import Base, session
from clinic.notes.record.restricted_models import ProcessNote
from clinic.notes.record.rupture_models import RepairAttempt, Rupture, RuptureEventRow
from clinic.notes.restricted.process_notes import write_process_note
from clinic.notes.rules.note_content import NewRupture
from tests.support.factories import (
    a_note,
    make_care_couple,
    make_practice,
    make_signed_note,
)
from tests.support.notes.full_record import AT, MARK, NOW, write_everything

CLINICAL = (
    MARK,
    "rejected",
    "partly",
    "betrayal",
    "secrecy",
    "i_statement",
    "appreciation",
    "restricted",
    "in_repair",
    "reopened",
    "parked",
    "nil_noted",
    "eft_step",
    "felt_safety",
    "defensiveness",
    "pursuer",
    "trust_dip",
    "withhold",
    "transparency_window",
)
"""The word in every field, and codes that the record uses (none is a column's name)."""
pytestmark = pytest.mark.usefixtures("context")


def raw_database(settings):
    """Every byte that is stored: the SQLite file with its log, or every row as text."""
    if settings.database_url.startswith("sqlite"):
        session().rollback()
        return b"".join(path.read_bytes() for path in settings.instance.glob("clinic.db*"))
    rows = []
    for table in Base.metadata.sorted_tables:
        for row in session().execute(sa.select(table)):
            rows += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(rows)


def test_stored_bytes_hold_no_clinical_word(settings):
    couple = make_care_couple()
    write_everything(couple)

    raw = raw_database(settings).lower()

    assert couple.code.lower().encode() in raw  # the search itself finds what is plain
    assert [word for word in CLINICAL if word.encode() in raw] == []


def sealed_rows():
    """Every (class, sealed attribute) of the notes room."""
    for mapper in Base.registry.mappers:
        if mapper.class_.__module__.startswith("clinic.notes"):
            for column in mapper.columns:
                if column.key.endswith("_sealed"):
                    yield mapper.class_, column.key.removesuffix("_sealed")


def test_no_two_sealed_values_can_be_exchanged():
    couple = make_care_couple()
    write_everything(couple)
    second = make_care_couple(
        couple.practice,
        partners=[
            type(p)(name=n, email=f"{n}@example.org", time_zone="Europe/Lisbon", language="en")
            for p, n in zip(_partners(), ("kim", "lee"), strict=True)
        ],
    )
    for day in range(4):
        make_signed_note(second, at=AT + timedelta(days=day))
    places = [
        (row, name)
        for kind, name in sealed_rows()
        for row in session().scalars(sa.select(kind).limit(12))
    ]
    held = {(row.id, name): getattr(row, f"{name}_sealed") for row, name in places}
    opened = tried = 0

    with session().no_autoflush:
        for (here, name), (there, other) in itertools.permutations(places, 2):
            tried += 1
            here.__dict__[f"{name}_sealed"] = held[there.id, other]
            try:
                getattr(here, name)
                opened += 1
            except SealBroken:
                pass
            here.__dict__[f"{name}_sealed"] = held[here.id, name]

    assert (tried >= 1000, opened) == (True, 0)


def _partners():
    from clinic.couples.service import PartnerDetails

    return [PartnerDetails(name="x", email="x@example.org", time_zone="UTC", language="en")] * 2


def test_every_flipped_byte_is_refused():
    couple = make_care_couple()
    make_signed_note(couple, a_note(new_ruptures=(NewRupture("T", ("betrayal",), None, 1),)), at=AT)
    row = session().scalars(sa.select(RuptureEventRow)).one()
    sealed = row.details_sealed

    for at in range(len(sealed)):
        row.__dict__["details_sealed"] = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(SealBroken):
            _ = row.details


def test_process_notes_have_a_key_of_their_own():
    couple = make_care_couple()
    write_process_note(couple.code, "Mine.", actor=couple.lead, now=NOW)
    keys = select_keys(couple)

    with session().no_autoflush:
        session().info.pop("data_keys", None)
        session().execute(sa.delete(WrappedKey).where(WrappedKey.id == keys["process-notes"]))

        row = session().scalars(sa.select(ProcessNote)).one()
        with pytest.raises(KeyMissing):
            _ = row.text
    session().rollback()
    assert set(keys) == {KeyPurpose.RECORD, KeyPurpose.PROCESS_NOTES}


def select_keys(couple):
    rows = session().scalars(sa.select(WrappedKey).where(WrappedKey.owner == couple.id))
    return {row.purpose: row.id for row in rows}


def test_without_the_couples_key_its_record_is_gone_and_others_are_not():
    practice = make_practice()
    couple = make_care_couple(practice)
    other = make_care_couple(practice, partners=_partners()[:1])
    for one in (couple, other):
        make_signed_note(
            one, a_note(new_ruptures=(NewRupture("T", ("betrayal",), None, 1),)), at=AT
        )
    session().info.pop("data_keys", None)
    session().execute(sa.delete(WrappedKey).where(WrappedKey.owner == couple.id))

    mine = session().scalars(sa.select(Rupture).where(Rupture.couple_id == couple.id)).one()
    theirs = session().scalars(sa.select(Rupture).where(Rupture.couple_id == other.id)).one()

    with pytest.raises(KeyMissing):
        _ = mine.details
    assert theirs.details.title == "T"
    session().rollback()


def test_table_without_ciphertext_of_an_attempt_tells_only_when(settings):
    couple = make_care_couple()
    write_everything(couple)
    plain = {c.key for c in sa.inspect(RepairAttempt).columns if not c.key.endswith("_sealed")}

    assert plain == {
        "id", "couple_id", "note_id", "from_note", "at_home", "at", "happened_on", "entered_at",
        "author",
    }  # fmt: skip
