"""Texts with control characters from before they were refused: shown with a mark, found, mended.

They are planted by the ordinary services with the check switched off, so that signatures and
digests stand on them as they did.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.commands.couples import unreadable_command
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import Base, session, transaction
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.texts import characters
from clinic.notes.pages.overview import chain_break
from clinic.notes.record.exercise_models import ExerciseRun
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.questionnaire_models import MeasureResponse
from clinic.notes.record.restricted_models import IndividualDisclosure, SafetyFlag
from clinic.notes.record.rupture_models import (
    PartnerRating,
    RepairAttempt,
    Rupture,
)
from clinic.notes.record.sealed_rows import SealedValue
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.notes.record_file.unreadable_texts import find_unreadable_texts
from tests.support.factories import NOW, a_note, make_appointment, make_note
from tests.support.notes import full_record
from tests.support.notes.record_client import WHOLE, open_desk
from tests.support.notes.record_files import empty_the_database

BAD = "quarrel\x00\x0bmark"
SHOWN = "quarrel��mark"
NOTHING = re.compile(r"(?!)")


@pytest.fixture
def old_clinic(app, monkeypatch):
    """A desk whose record holds such a text of every kind."""
    with monkeypatch.context() as unchecked:
        unchecked.setattr(characters, "REFUSED_CHARACTERS", NOTHING)
        unchecked.setattr(characters, "_MAYBE_IN_JSON", NOTHING)
        unchecked.setattr(full_record, "MARK", BAD)
        desk = open_desk(app)
        desk.make(lambda: _write(desk.couple))
    desk.draft_id = desk.make(lambda: session().scalars(
        sa.select(SessionNote.id).where(SessionNote.status == "draft")).one())  # fmt: skip
    return desk


def _write(couple):
    full_record.write_everything(couple)
    make_note(couple, a_note(plan=BAD), at=full_record.AT + timedelta(days=2), now=NOW)
    booked = make_appointment(couple.practice, NOW + timedelta(days=1))
    with transaction() as current:
        for row in current.scalars(sa.select(Partner)):
            row.name = f"Alex {BAD}"
        appointment = current.merge(booked)
        appointment.message = BAD


def sealed_attributes():
    return [
        (mapper.class_, text)
        for mapper in Base.registry.mappers
        for text in vars(mapper.class_).values()
        if isinstance(text, SealedText | SealedValue)
    ]


def planted():
    """Where one is kept, read without the code that finds them."""
    found = set()
    for kind, text in sealed_attributes():
        raw = text if isinstance(text, SealedText) else text._text
        for row in session().scalars(sa.select(kind)):
            written = raw.as_written(row) or ""
            if "\\u0000" in written or "\x00" in written:
                found.add((row.__tablename__, raw.column, row.id))
    return found


def pages(desk):
    """Every page of the record, of each of its entries, and the lists that it stands in."""
    kinds = {
        "attempt": RepairAttempt,
        "rating": PartnerRating,
        "run": ExerciseRun,
        "measure": MeasureResponse,
    }
    told = [(what, id_) for what, kind in kinds.items() for id_ in session().scalars(sa.select(kind.id))]  # fmt: skip
    notes = session().scalars(sa.select(SessionNote.id)).all()
    filled = {
        "code": [{"code": desk.couple.code}],
        "code,ref": [{"code": desk.couple.code, "ref": ref} for ref in ("R-01", "R-02")],
        "code,entry_id,what": [
            {"code": desk.couple.code, "what": what, "entry_id": id_} for what, id_ in told
        ],
        "note_id": [{"note_id": id_} for id_ in notes],
        "": [{}],
    }
    for rule in desk.app.url_map.iter_rules():
        is_record = rule.endpoint.partition(".")[0] in RECORD and "GET" in rule.methods
        for values in filled.get(",".join(sorted(rule.arguments)), []) if is_record else []:
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda one: values[one[1]], rule.rule)  # noqa: B023
    yield from ("/desk/couples?q=quarrel", "/desk", "/desk/week")


RECORD = {
    "record",
    "session_notes",
    "addenda",
    "ledger",
    "ruptures",
    "restricted",
    "told",
    "cycle",
    "exercises",
    "measures",
    "emergency",
}


def test_every_page_of_the_record_opens_and_what_can_be_read_is_shown(old_clinic):
    desk = old_clinic
    asked = desk.make(lambda: list(pages(desk)))

    answers = {path: desk.browser.get(path) for path in asked}

    assert {
        path: a.status_code for path, a in answers.items() if a.status_code not in {200, 302}
    } == {}
    marked = {
        path.replace(desk.couple.code, "CODE") for path, a in answers.items() if SHOWN in a.text
    }
    assert {
        "/desk/couples", "/desk/couples/CODE", "/desk/couples/CODE/brief", "/desk/couples/CODE/ruptures/R-01",
        "/desk/couples/CODE/cycle", "/desk/couples/CODE/restricted",
        "/desk/couples/CODE/at-home", "/desk/couples/CODE/windows", f"/desk/notes/{desk.draft_id}",
    } <= marked  # fmt: skip
    assert [path for path, a in answers.items() if "\x00" in a.text or "\x0b" in a.text] == []


def test_page_says_what_the_mark_is(old_clinic):
    said = "stands for characters that cannot be shown"

    assert said in old_clinic.get(f"/desk/notes/{old_clinic.draft_id}")
    assert said not in old_clinic.get("/desk/account")


def test_command_lists_exactly_where_they_are_and_not_what_they_say(old_clinic):
    desk = old_clinic
    runner = desk.app.test_cli_runner()
    expected = desk.make(planted)

    told = runner.invoke(unreadable_command, ["--json"])

    rows = json.loads(told.output)
    assert {(one["table"], one["column"], one["row"]) for one in rows} == expected
    assert {one["couple"] for one in rows} == {desk.couple.code}
    tables = {"session_note", "note_version", "note_addendum", "rupture", "rupture_event",
              "rupture_entry", "repair_attempt", "cycle_map", "individual_disclosure", "safety_flag",
              "process_note", "emergency_access", "entry_in_error", "exercise_run", "person", "appointment"}  # fmt: skip
    assert tables <= {one["table"] for one in rows}
    plain = runner.invoke(unreadable_command, [])
    assert len(plain.output.splitlines()) == len(rows)
    assert "quarrel" not in told.output + plain.output


def test_whole_record_is_found_clean(app, desk):
    assert desk.make(find_unreadable_texts) == []
    said = app.test_cli_runner().invoke(unreadable_command, []).output
    assert said == "Every text can be shown as it was written.\n"


def system(couple):
    return Actor(clinic_id=couple.practice.clinic.id, name="system:test", is_system=True)


def test_what_is_exported_is_imported_with_its_seals_and_exported_alike(old_clinic):
    desk = old_clinic
    code, actor = desk.couple.code, system(desk.couple)
    with desk.app.app_context():
        text = export_record(code, actor=actor, now=NOW)
        whole = chain_break(code, actor=actor, now=NOW)
        empty_the_database()
        import_record(text, now=NOW)
        clinic = Actor(clinic_id=session().scalar(sa.text("SELECT id FROM clinic")),
                       name="system:test", is_system=True)  # fmt: skip
        again = export_record(code, actor=clinic, now=NOW)
        found = {one.table for one in find_unreadable_texts()}
        broken = chain_break(code, actor=clinic, now=NOW)
        db.session.remove()

    assert (whole, broken) == (None, None)
    assert again == text
    assert SHOWN in text
    assert characters.REFUSED_CHARACTERS.search(text) is None
    assert found == {"session_note", "note_addendum"}


def test_written_text_that_is_not_what_the_file_shows_is_refused(old_clinic):
    desk = old_clinic
    with desk.app.app_context():
        raw = json.loads(export_record(desk.couple.code, actor=system(desk.couple), now=NOW))
        raw["written"][0]["json"] = raw["written"][0]["json"].replace("quarrel", "peace")
        raw["written"].append({"list": "notes", "id": "0" * 32, "json": "{}"})
        with pytest.raises(RecordRefused) as refused:
            import_record(json.dumps(raw), now=NOW)
        db.session.remove()

    places = {place for place, _said in refused.value.problems}
    last = len(raw["written"]) - 1
    assert {"written[0].json", f"written[{last}].id"} <= places


def test_draft_is_saved_and_signed_again_and_then_holds_what_was_shown(old_clinic):
    desk = old_clinic
    address = f"/desk/notes/{desk.draft_id}"
    shown = desk.get(address)
    revision = re.search(r'name="revision" value="(\d+)"', shown)[1]

    desk.post(address, WHOLE | {"revision": revision, "plan": SHOWN})

    body = desk.read(desk.draft_id).body
    assert body.content.plan == SHOWN
    rows = desk.make(find_unreadable_texts)
    assert ("session_note", desk.draft_id) not in {(one.table, one.row) for one in rows}


def test_what_may_be_changed_is_mended_by_changing_it(old_clinic):
    desk = old_clinic
    disclosure = desk.make(lambda: session().scalars(sa.select(IndividualDisclosure)).one().id)
    told = {"id": disclosure, "revision": "1", "by": "A", "text": "Said plainly.",
            "decision": "withhold", "decision_reason": "Safety.", "review_on": "2026-12-01"}  # fmt: skip

    desk.post(f"/desk/couples/{desk.couple.code}/restricted/disclosures", told)
    desk.post(
        f"/desk/couples/{desk.couple.code}/ruptures/R-01/visibility",
        {"visibility": "restricted", "revision": "1"},
    )

    left = {(one.table, one.row) for one in desk.make(find_unreadable_texts)}
    rupture = desk.make(lambda: session().scalars(
        sa.select(Rupture).where(Rupture.number == 1)).one())  # fmt: skip
    assert {("individual_disclosure", disclosure), ("rupture", rupture.id)} & left == set()
    assert rupture.revision == 2


def test_flag_with_such_a_text_is_still_cleared_and_shown(old_clinic):
    row = old_clinic.make(lambda: session().scalars(sa.select(SafetyFlag)).one().details)
    assert (row.about, row.owner) == (SHOWN, SHOWN)
