"""A raised safety check opens its flag by itself when the note is signed, and shows it to few."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import Conflict
from clinic.notes.pages.overview import chain_break, couple_ledger, couple_overview
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import import_record
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.clinical_values import FlagDetails, NoteBody
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.note_content import RuptureEntry, SafetyCheck
from clinic.notes.rules.note_formats import soap
from clinic.notes.rules.sealing import digest
from clinic.notes.ruptures.safety_flags import (
    clear_safety_flag,
    list_safety_flags,
    open_safety_flag,
)
from clinic.notes.ruptures.service import change_status
from clinic.notes.session_notes.queries import read_note
from clinic.notes.session_notes.search import Wanted, search_couple
from clinic.notes.signing.signing import NotReady, recall_signature, sign_note
from tests.support.factories import (
    a_note,
    make_account,
    make_note,
    make_signed_note,
)
from tests.support.notes.record_files import empty_the_database, system
from tests.support.notes.signing import (
    AT,
    BROKEN,
    BY_HAND,
    LATER,
    RAISED,
    REVIEW_ON,
    SOON,
    TOLD,
)

pytestmark = pytest.mark.usefixtures("context")


def flags_of(couple, now=LATER):
    return list_safety_flags(couple.code, actor=couple.lead, now=now)


def statuses(couple):
    seen = couple_overview(couple.code, actor=couple.lead, now=LATER)
    return {one.ref: [event.to_status for event in one.events] for one in seen.ruptures}


def test_signing_opens_the_flag_and_parks_what_is_open_after_the_notes_own_changes(couple):
    make_signed_note(couple, TOLD, at=AT, sealed=False)

    [flag] = flags_of(couple)
    assert (flag.author, flag.opened_at, flag.review_on, flag.cleared_at, flag.details) == (
        couple.lead.name,
        SOON,
        REVIEW_ON,
        None,
        FlagDetails("Afraid at home.", 2, "A call tomorrow."),
    )
    assert statuses(couple) == {
        "R-01": ["open", "parked"],
        "R-02": ["open", "in_repair", "parked"],
    }
    opened = sa.select(AuditEntry.object_id).where(AuditEntry.action == "safety_flag.opened")
    assert session().scalars(opened).all() == [flag.id]


def test_who_signed_it_sees_to_it(couple):
    account = make_account(couple.practice.clinic, name="Ines Example")
    signer = replace(couple.lead, name=f"account:{account.id}")
    note_id = make_note(couple, TOLD, at=AT, now=SOON)

    sign_note(note_id, revision=2, proved_at=SOON, actor=signer, now=SOON)

    [flag] = flags_of(couple)
    assert flag.details.owner == "Ines Example"


def test_parked_ruptures_stand_in_the_ledger_as_parked(couple):
    make_signed_note(couple, TOLD, at=AT)

    _course, ledger = couple_ledger(couple.code, actor=couple.lead, now=LATER)
    [row] = ledger.session_rows

    assert (row.open, row.parked) == (0, 2)


def test_raised_check_is_not_signed_without_what_its_flag_needs(couple):
    note_id = make_note(couple, a_note(safety=SafetyCheck("flag_raised")), at=AT, now=SOON)

    with pytest.raises(NotReady) as refused:
        sign_note(note_id, revision=2, proved_at=SOON, actor=couple.lead, now=SOON)

    assert refused.value.errors == {
        "safety.text": ["Say in words what was noted on safety."],
        "safety.level": ["Choose the level of the safety flag."],
        "safety.action": ["Say what is done about it."],
        "safety.review_on": ["Choose the day on which the safety flag is looked at again."],
    }
    assert flags_of(couple) == []


def test_day_that_is_over_by_the_time_of_signing_is_no_day_to_look_at_it(couple):
    past = replace(RAISED, review_on=SOON.date() - timedelta(days=1))
    note_id = make_note(couple, a_note(safety=past), at=AT, now=SOON)

    with pytest.raises(NotReady) as refused:
        sign_note(note_id, revision=2, proved_at=SOON, actor=couple.lead, now=SOON)

    assert list(refused.value.errors) == ["safety.review_on"]


@pytest.mark.parametrize("answer", ["nil_noted", "concern_discussed", "not_possible_together"])
def test_other_answers_open_no_flag(couple, answer):
    make_signed_note(
        couple, a_note(safety=SafetyCheck(answer, "Asked."), new_ruptures=(BROKEN,)), at=AT
    )

    assert (flags_of(couple), statuses(couple)) == ([], {"R-01": ["open"]})


@pytest.mark.parametrize(
    ("answer", "signed"),
    [
        ("nil_noted", SafetyCheck("nil_noted")),
        ("concern_discussed", SafetyCheck("concern_discussed", "Afraid at home.")),
    ],
)
def test_flag_thought_better_of_is_not_signed_and_a_recall_gives_its_words_back(
    couple, answer, signed
):
    typed = replace(RAISED, result=answer)
    note_id = make_signed_note(couple, a_note(safety=typed), at=AT, sealed=False)
    stood = (safety_of(couple, note_id), flags_of(couple))

    recall_signature(note_id, actor=couple.lead, now=SOON)

    assert stood == (signed, [])
    assert safety_of(couple, note_id) == typed
    assert words_found(couple, "tomorrow") == 0
    sign_note(note_id, revision=4, proved_at=SOON, actor=couple.lead, now=SOON)
    assert safety_of(couple, note_id) == signed


def test_flag_that_opens_no_second_one_is_signed_with_its_words_only(couple):
    open_safety_flag(couple.code, BY_HAND, review_on=REVIEW_ON, actor=couple.lead, now=AT)

    note_id = make_signed_note(couple, a_note(safety=RAISED), at=AT)

    assert safety_of(couple, note_id) == SafetyCheck("flag_raised", "Afraid at home.")


def safety_of(couple, note_id):
    return read_note(note_id, actor=couple.lead, now=LATER).body.content.safety


def words_found(couple, words, who="lead"):
    actor = getattr(couple, who)
    return len(search_couple(couple.code, Wanted(words=words), actor=actor, now=LATER))


def test_flag_that_is_open_already_is_not_doubled_and_asks_for_nothing_more(couple):
    first = open_safety_flag(couple.code, BY_HAND, review_on=REVIEW_ON, actor=couple.lead, now=AT)

    make_signed_note(couple, a_note(safety=SafetyCheck("flag_raised", "Still afraid.")), at=AT)

    assert [one.id for one in flags_of(couple)] == [first]


def test_recall_takes_the_flag_and_the_parking_out_and_signing_again_brings_them_back(couple):
    make_signed_note(couple, a_note(new_ruptures=(BROKEN,)), at=AT - timedelta(days=1))
    entry = (RuptureEntry("R-01", status="open"),)
    note_id = make_signed_note(couple, a_note(safety=RAISED, ruptures=entry), at=AT, sealed=False)
    parked = statuses(couple)

    recall_signature(note_id, actor=couple.lead, now=SOON)
    recalled = (flags_of(couple), statuses(couple))
    sign_note(note_id, revision=3, proved_at=SOON, actor=couple.lead, now=SOON)

    assert parked == statuses(couple) == {"R-01": ["open", "parked"]}
    assert recalled == ([], {"R-01": ["open"]})
    assert len(flags_of(couple)) == 1


def test_flag_that_was_cleared_meanwhile_is_not_recalled(couple):
    note_id = make_signed_note(couple, TOLD, at=AT, sealed=False)
    [flag] = flags_of(couple)
    clear_safety_flag(couple.code, flag.id, because="A mistake.", actor=couple.lead, now=SOON)

    with pytest.raises(Conflict, match="cleared already; add an addendum"):
        recall_signature(note_id, actor=couple.lead, now=SOON)

    assert len(flags_of(couple)) == 1
    assert statuses(couple)["R-01"] == ["open", "parked"]


def test_flag_that_another_one_rests_on_is_not_recalled(couple):
    note_id = make_signed_note(couple, TOLD, at=AT, sealed=False)
    open_safety_flag(couple.code, BY_HAND, review_on=REVIEW_ON, actor=couple.lead, now=SOON)

    with pytest.raises(Conflict, match="rests on this note"):
        recall_signature(note_id, actor=couple.lead, now=SOON)

    assert len(flags_of(couple)) == 2


def test_parked_rupture_is_taken_up_again_once_the_flag_is_cleared(couple):
    make_signed_note(couple, TOLD, at=AT)
    [flag] = flags_of(couple)
    asks = {"actor": couple.lead, "now": LATER + timedelta(minutes=1)}
    with pytest.raises(Conflict, match="flag must be cleared"):
        change_status(couple.code, "R-02", "in_repair", **asks)

    clear_safety_flag(couple.code, flag.id, because="Safe again.", **asks)

    assert change_status(couple.code, "R-02", "in_repair", **asks).status == "in_repair"


def test_emergency_reader_gets_the_note_without_its_safety_details(couple):
    note_id = make_signed_note(couple, TOLD, at=AT)
    break_glass(
        couple.code, "It cannot wait.", proved_at=LATER, actor=couple.other_therapist, now=LATER
    )

    seen = {
        who: read_note(note_id, actor=getattr(couple, who), now=LATER).body.content
        for who in ("lead", "supervisor", "other_therapist")
    }

    safety = {who: content.safety for who, content in seen.items()}
    bare = SafetyCheck("flag_raised")
    assert safety == {"lead": RAISED, "supervisor": RAISED, "other_therapist": bare}
    assert "Afraid" not in repr(soap(seen["other_therapist"]))
    found = {who: words_found(couple, "tomorrow", who) for who in ("lead", "other_therapist")}
    assert found == {"lead": 1, "other_therapist": 0}


KNOWN = "5173cb05dfccc5769502dd36d08873d15946f60f55af6489502979f61601d9b5"
"""Taken before the fields were there."""


def test_digest_of_what_was_signed_before_flags_had_fields_stays():
    body = to_plain(NoteBody(a_note(safety=SafetyCheck("flag_raised", "Said."))))

    assert body["content"]["safety"] == {"result": "flag_raised", "text": "Said."}
    assert digest(body, previous_digest=None) == KNOWN


def test_record_with_a_raised_flag_goes_out_and_comes_back_as_the_same_bytes(couple):
    note_id = make_signed_note(couple, TOLD, at=AT)
    text = export_record(couple.code, actor=system(), now=LATER)
    empty_the_database()

    code = import_record(text, now=LATER)

    assert export_record(code, actor=system(), now=LATER) == text
    assert json.loads(text)["flags"][0]["note_id"] == note_id
    assert chain_break(code, actor=system(), now=LATER) is None


def test_record_of_before_flags_knew_their_note_is_still_taken(couple):
    open_safety_flag(couple.code, BY_HAND, review_on=REVIEW_ON, actor=couple.lead, now=AT)
    text = export_record(couple.code, actor=system(), now=LATER)
    assert "note_id" not in json.loads(text)["flags"][0]
    empty_the_database()

    assert export_record(import_record(text, now=LATER), actor=system(), now=LATER) == text
