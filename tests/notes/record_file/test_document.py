from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from clinic.notes.record_file.document import (
    CouplePart,
    CoupleRecord,
    LeadPart,
    MemberPart,
    NotePart,
    PersonPart,
)
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import import_record
from clinic.notes.rules.json_structure import from_plain
from clinic.notes.rules.json_values import to_plain
from tests.support.notes.record_files import (
    NOW,
    a_record,
    empty_the_database,
    raw_record,
    record_with,
    system,
)


@pytest.mark.usefixtures("context")
def test_file_from_before_there_were_runs_and_measures_is_taken():
    _couple, text, _ledger = a_record()
    raw = json.loads(text)
    del raw["runs"], raw["measures"], raw["instruments"]
    raw["in_error"] = [one for one in raw["in_error"] if one["rating_id"]]
    empty_the_database()

    code = import_record(json.dumps(raw), now=NOW)

    again = json.loads(export_record(code, actor=system(), now=NOW))
    assert (again["runs"], again["measures"]) == ([], [])


COUPLE = {
    "id": "c" * 32,
    "code": "C-0042",
    "status": "active",
    "created_at": "2026-02-02T09:00:00Z",
    "lead_therapist": {"slug": "ines-duarte", "name": "Inês Duarte"},
}
MEMBER = {
    "id": "d" * 32,
    "slot": "A",
    "joined_at": "2026-02-02T09:00:00Z",
    "left_at": None,
    "person": {
        "id": "e" * 32,
        "name": "Alex Example",
        "email": None,
        "language": "en",
        "time_zone": "Europe/Lisbon",
        "created_at": "2026-02-02T09:00:00Z",
    },
}
REQUIRED = (
    "notes", "versions", "addenda", "ruptures", "events", "entries", "attempts", "ratings", "cycles",
    "disclosures", "flags",
)  # fmt: skip
LATER = ("in_error", "runs", "measures", "terms", "instruments")


def test_lists_that_came_later_are_empty_where_a_file_does_not_have_them():
    shortest = {"format": "couple-record/2", "couple": COUPLE, "members": [MEMBER]}
    shortest |= {name: [] for name in REQUIRED}
    began = datetime(2026, 2, 2, 9, tzinfo=UTC)

    record = from_plain(CoupleRecord, shortest)

    assert record == CoupleRecord(
        "couple-record/2",
        CouplePart("c" * 32, "C-0042", "active", began, LeadPart("ines-duarte", "Inês Duarte")),
        (
            MemberPart(
                "d" * 32,
                "A",
                began,
                None,
                PersonPart("e" * 32, "Alex Example", None, "en", "Europe/Lisbon", began),
            ),
        ),
        **dict.fromkeys(REQUIRED, ()),
    )
    assert to_plain(record) == shortest | {name: [] for name in LATER}


def test_record_is_written_as_it_was_read_and_untold_fields_are_left_out():
    plain = to_plain(record_with())

    assert plain == raw_record() | {"instruments": []}
    assert {"written", "held_by", "note_id"} & {
        *plain,
        *plain["notes"][0],
        *plain["flags"][0],
    } == set()


def test_therapist_who_held_a_session_is_written_where_it_was_not_the_lead():
    note = raw_record()["notes"][0] | {"held_by": {"slug": "daniel-reyes", "name": "Daniel Reyes"}}

    read = from_plain(NotePart, note)

    assert (read.held_by, to_plain(read)) == (LeadPart("daniel-reyes", "Daniel Reyes"), note)
