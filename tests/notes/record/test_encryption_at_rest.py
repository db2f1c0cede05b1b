"""What lies in the database: no clinical word in its bytes, and nothing opens out of its place."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.crypto.vault import KeyMissing, KeyPurpose, WrappedKey
from clinic.foundation.database.transactions import Base, session
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.questionnaires import MeasureTold, add_measure
from clinic.notes.between_sessions.service import add_attempt_at_home, add_ratings, draw_cycle
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.record.note_models import NoteVersion, SessionNote
from clinic.notes.record.restricted_models import ProcessNote
from clinic.notes.record.rupture_models import RepairAttempt, Rupture, RuptureEventRow
from clinic.notes.restricted.disclosures import write_disclosure
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.restricted.process_notes import write_process_note
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    CyclePart,
    DisclosureDetails,
    FlagDetails,
    RatingDetails,
)
from clinic.notes.rules.note_content import Attempt, NewRupture, Rating, RuptureEntry
from clinic.notes.ruptures.safety_flags import clear_safety_flag, open_safety_flag
from clinic.notes.ruptures.service import change_status
from clinic.notes.signing.addenda import add_addendum
from tests.support.factories import (
    a_note,
    a_run,
    make_care_couple,
    make_practice,
    make_signed_note,
    put_on_shelf,
)

AT = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REVIEW = date(2026, 12, 1)
MARK = "quarrelmark"
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
"""A word put into every field, and codes that the record below uses (none is a column's name)."""
pytestmark = pytest.mark.usefixtures("context")


def write_everything(couple):
    lead, code = couple.lead, couple.code
    first = a_note(
        plan=f"{MARK} plan",
        free_text=f"{MARK} free",
        responses=(("A", f"{MARK} a"), ("B", f"{MARK} b")),
        new_ruptures=(
            NewRupture(f"{MARK} title", ("betrayal",), None, 4, key="n1", status="in_repair"),
            NewRupture(f"{MARK} hidden", ("secrecy",), None, 2, visibility="restricted"),
        ),
        attempts=(Attempt("A", ("i_statement",), "rejected", "n1"),),
        ratings=(Rating("A", "end", 3, 8, 4),),
    )
    note_id = make_signed_note(couple, first, at=AT)
    entries = (
        RuptureEntry("R-01", True, 5, 5, "repaired", MARK, None, "", True, True),
        RuptureEntry("R-02", status="open"),
    )
    make_signed_note(couple, a_note(ruptures=entries), at=AT + timedelta(days=1))
    add_addendum(note_id, kind="addendum", text=MARK, proved_at=NOW, actor=lead, now=NOW)
    change_status(
        code, "R-01", "reopened", reason="trust_dip", note_id=note_id,
        effective_at=NOW, text=MARK, actor=lead, now=NOW,
    )  # fmt: skip
    attempt = AttemptDetails("B", ("appreciation",), "partly", "R-01", note=MARK)
    add_attempt_at_home(code, attempt, happened_on=AT.date(), actor=lead, now=NOW)
    add_ratings(code, RatingDetails("B", "home", 5, 5, 5), actor=lead, now=NOW)
    slip = add_ratings(code, RatingDetails("A", "home", 9), actor=lead, now=NOW)
    mark_in_error(code, "rating", slip, reason=f"{MARK} wrong person", actor=lead, now=NOW)
    cycle = CycleDetails(MARK, "pursue_withdraw", (CyclePart("A", MARK, position="pursuer"),))
    draw_cycle(code, cycle, actor=lead, now=NOW)
    told = DisclosureDetails("A", MARK, decision="withhold")
    write_disclosure(code, told, review_on=REVIEW, actor=lead, now=NOW)
    write_process_note(code, f"{MARK} process", actor=lead, now=NOW)
    flag = open_safety_flag(
        code, FlagDetails(MARK, 2, MARK, MARK), review_on=REVIEW, actor=lead, now=NOW
    )
    clear_safety_flag(code, flag, because=MARK, actor=lead, now=NOW)
    run = a_run(question=f"{MARK} question", reflection_b=MARK)
    add_run(code, run, happened_on=AT.date(), actor=lead, now=NOW)
    wrong = add_run(code, run, happened_on=AT.date(), actor=lead, now=NOW + timedelta(minutes=1))
    mark_in_error(code, "run", wrong, reason=MARK, actor=lead, now=NOW + timedelta(minutes=2))
    shelf = put_on_shelf(couple)
    told = MeasureTold(
        partner="A", instrument_id=shelf, taken_on=AT.date(), answers={"near": 4, "afraid": 1}
    )
    measure = add_measure(code, told, actor=lead, now=NOW)
    mark_in_error(code, "measure", measure, reason=MARK, actor=lead, now=NOW)
    reason = f"{MARK} because it cannot wait"
    break_glass(code, reason, proved_at=NOW, actor=couple.other_therapist, now=NOW)


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


def test_older_text_of_a_note_does_not_open_in_its_own_row():
    couple = make_care_couple()
    make_signed_note(couple, at=AT)
    note = session().scalars(sa.select(SessionNote)).one()
    versions = session().scalars(sa.select(NoteVersion)).all()

    for sealed in [*(one.body_sealed for one in versions)]:
        note.__dict__["body_sealed"] = sealed
        with pytest.raises(SealBroken):
            _ = note.body


def test_note_under_another_revision_does_not_open():
    couple = make_care_couple()
    make_signed_note(couple, at=AT)
    note = session().scalars(sa.select(SessionNote)).one()

    note.__dict__["revision"] -= 1

    with pytest.raises(SealBroken):
        _ = note.body


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
