"""The couple's record as a file: the same bytes back, every problem of a broken one, nothing by half."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.notes.record_file.export_record import export_record, read_record, record_text
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.notes.restricted.disclosures import write_disclosure
from clinic.notes.rules.clinical_values import DisclosureDetails
from clinic.notes.session_notes.queries import read_note
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.models import Therapist
from tests.conftest import settings_for
from tests.support.factories import make_care_couple, make_clinic, make_signed_note
from tests.support.notes.full_record import AT
from tests.support.notes.record_files import NOW, a_record, empty_the_database, system
from tests.support.notes.separate_session import AFTER, alone, signed_by_daniel

pytestmark = pytest.mark.usefixtures("context")


def test_record_of_one_clinic_is_taken_by_another():
    _couple, text, _ledger = a_record()
    empty_the_database()
    make_clinic(slug="other")

    import_record(text, now=NOW)

    assert export_record("C-0001", actor=system(), now=NOW) == text


def test_next_couple_after_an_import_gets_a_code_of_its_own():
    _couple, text, _ledger = a_record()
    empty_the_database()
    import_record(text, now=NOW)
    assert the_clinic().couples_counted == 1


def test_same_record_twice_is_refused():
    _couple, text, _ledger = a_record()

    with pytest.raises(RecordRefused) as refused:
        import_record(text, now=NOW)

    assert refused.value.problems == (
        ("couple.code", "There is a couple C-0001 here already."),
        ("couple.id", "This couple is here already."),
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ""),
        ("{", ""),
        ("[" * 100_000, ""),
        ("null", "format"),
        ("[]", "format"),
        ("{}", "format"),
        ('{"format": "couple-ledger/1"}', "format"),
        ('{"format": "couple-record/3"}', "format"),
    ],
)
def test_what_is_not_a_record_is_refused_in_one_sentence(text, place):
    make_clinic()

    with pytest.raises(RecordRefused) as refused:
        import_record(text, now=NOW)

    assert [where for where, _said in refused.value.problems] == [place]


def broken(raw, change):
    raw = copy.deepcopy(raw)
    change(raw)
    return json.dumps(raw)


def set_at(path, value):
    *way, last = path

    def change(raw):
        for step in way:
            raw = raw[step]
        raw[last] = value

    return change


BREAKS = {
    "couple.code": set_at(["couple", "code"], "42"),
    "couple.status": set_at(["couple", "status"], "happy"),
    "members[0].person.time_zone": set_at(["members", 0, "person", "time_zone"], "Europe/Nowhere"),
    "members[1].slot": set_at(["members", 1, "slot"], "A"),
    "notes[0].id": set_at(["notes", 0, "id"], "not an id"),
    "notes[0].status": set_at(["notes", 0, "status"], "shredded"),
    "notes[0].digest": set_at(["notes", 0, "digest"], "0" * 64),
    "notes[0].signed_digest": set_at(["notes", 0, "body", "content", "plan"], "Another plan."),
    "notes[0].held_until": set_at(["notes", 0, "held_until"], "2026-01-01T00:00:00Z"),
    "notes[1].previous_digest": set_at(["notes", 2, "previous_digest"], None),
    "notes[0].body.content.safety.result": set_at(
        ["notes", 0, "body", "content", "safety", "result"], "fine"
    ),
    "addenda[0].digest": set_at(["addenda", 0, "said", "text"], "Something else."),
    "ruptures[0].details.significance": set_at(["ruptures", 0, "details", "significance"], 6),
    "ruptures[0]": set_at(["events", 0, "details", "to_status"], "repaired"),
    "events[1].details": set_at(["events", 1, "details", "kind"], "magic"),
    "events[0].rupture_id": set_at(["events", 0, "rupture_id"], "0" * 32),
    "attempts[0].details.receipt": set_at(["attempts", 0, "details", "receipt"], "maybe"),
    "ratings[0].details.felt_safety": set_at(["ratings", 0, "details", "felt_safety"], 11),
    "cycles[0].details.pattern": set_at(["cycles", 0, "details", "pattern"], "round"),
    "disclosures[0].details.decision": set_at(["disclosures", 0, "details", "decision"], "tell"),
    "runs[0].details.log.3": set_at(["runs", 0, "details", "log", 3, "value"], 11),
    "runs[0].details.consent": set_at(["runs", 0, "details", "consent_b"], False),
    "in_error[2]": set_at(["in_error", 2, "run_id"], "0" * 32),
    "a mark that names nothing": set_at(["in_error", 2, "run_id"], None),
    "measures[0].details.scores.0.value": set_at(
        ["measures", 0, "details", "scores", 0, "value"], "much"
    ),
    "measures[0].details.partner": set_at(["measures", 0, "details", "partner"], "C"),
    "flags[0].details.level": set_at(["flags", 0, "details", "level"], 0),
    "events[0].number": set_at(["events", 0, "number"], 2**40),
    "in_error[0]": set_at(["in_error", 0, "attempt_id"], "0" * 32),
    "in_error[0].details.reason": set_at(["in_error", 0, "details", "reason"], " "),
    "versions[0].note_id": set_at(["versions", 0, "note_id"], "0" * 32),
}


def test_each_break_is_named_at_its_place_and_nothing_is_stored():
    _couple, text, _ledger = a_record()
    raw = json.loads(text)
    # In the file the notes are in the order of their sessions: the draft stands second.
    places = {
        "notes[1].previous_digest": "notes[2].previous_digest",
        "a mark that names nothing": "in_error[2]",
    }
    empty_the_database()
    unnamed = []

    for place, change in BREAKS.items():
        try:
            import_record(broken(raw, change), now=NOW)
            unnamed.append((place, "taken"))
        except RecordRefused as refused:
            named = [where for where, _said in refused.problems]
            if places.get(place, place) not in named:
                unnamed.append((place, named))

    assert unnamed == []
    assert session().scalar(sa.select(sa.func.count()).select_from(Couple)) == 0


def test_all_problems_are_told_at_once_with_their_places():
    _couple, text, _ledger = a_record()
    raw = json.loads(text)
    raw["couple"]["status"] = 5
    raw["notes"][0]["held_from"] = "yesterday"
    raw["notes"][0]["surprise"] = True
    del raw["ruptures"][0]["details"]["title"]
    raw["ratings"][0]["details"]["defensiveness"] = 4.5
    raw["flags"] = {}
    raw["members"][0]["person"]["name"] = "\ud800"

    with pytest.raises(RecordRefused) as refused:
        import_record(json.dumps(raw), now=NOW)

    assert refused.value.problems == (
        ("couple.status", "This must be text."),
        ("members[0].person.name", "This text holds signs that cannot be stored."),
        ("notes[0].held_from", "This must be an instant like 2026-03-31T10:00:00Z."),
        ("notes[0].surprise", "This is not known here."),
        ("ruptures[0].details.title", "This is missing."),
        ("ratings[0].details.defensiveness", "This must be a whole number."),
        ("flags", "This must be a list."),
    )


def test_signed_note_that_came_unsealed_is_sealed_by_the_worker():
    from clinic.foundation import outbox
    from clinic.notes.record.note_models import SessionNote

    couple = make_care_couple()
    make_signed_note(couple, at=AT, sealed=False)
    told = DisclosureDetails("A", "Alone.")
    write_disclosure(couple.code, told, review_on=NOW.date(), actor=couple.lead, now=NOW)
    text = export_record(couple.code, actor=system(), now=NOW)
    empty_the_database()
    import_record(text, now=NOW)

    outbox.deliver_due(now=NOW, limit=5)

    assert session().scalars(sa.select(SessionNote.sealed_at)).one() == NOW


def test_record_that_was_carried_elsewhere_keeps_it_from_the_lead(house, tmp_path):
    note_id = house.do(lambda: signed_by_daniel(house))
    text = house.do(lambda: exported(house))
    other = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path / 'other.db'}"))
    with other.app_context():
        upgrade()
        import_record(text, now=AFTER)
        rows = session().execute(sa.select(Therapist.slug, Therapist.id)).all()
        clinic_id = session().scalars(sa.select(Couple.clinic_id)).one()
        readers = {
            slug: replace(house.actor("ruth"), clinic_id=clinic_id, therapist_id=id_)
            for slug, id_ in rows
        }
        again = record_text(read_record(session().scalars(sa.select(Couple.id)).one()))
        seen = read_note(note_id, actor=readers["daniel-reyes"], now=AFTER)
        with pytest.raises(NotFound):
            read_note(note_id, actor=readers["ines-duarte"], now=AFTER)
        db.session.remove()

    assert (seen.body.content, again) == (alone(), text)


def exported(house):
    couple = sa.select(Couple.id).where(Couple.code == house.code)
    return record_text(read_record(session().scalars(couple).one()))
