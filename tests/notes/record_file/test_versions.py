from __future__ import annotations

import json
from hashlib import sha256

import pytest

from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.notes.record_file.versions import in_todays_form
from tests.support.factories import make_clinic
from tests.support.notes.record_files import FIRST, NOW, empty_the_database, system


@pytest.mark.usefixtures("context")
def test_file_of_the_first_version_is_taken_with_what_was_withdrawn():
    text = FIRST.read_text(encoding="utf-8")
    told = json.loads(text)
    [run], [measure] = (
        [one for one in told[name] if one["withdrawn_at"]] for name in ("runs", "measures")
    )
    make_clinic()

    code = import_record(text, now=NOW)

    again = export_record(code, actor=system(), now=NOW)
    marks = {
        one["run_id"] or one["measure_id"]: (one["at"], one["author"], one["details"]["reason"])
        for one in json.loads(again)["in_error"]
    }
    assert marks == {
        None: ("2026-11-23T09:00:00Z", "account:lead", "quarrelmark wrong person"),
        run["id"]: ("2026-11-23T09:02:00Z", "account:lead", "quarrelmark"),
        measure["id"]: ("2026-11-23T09:00:00Z", "account:lead", "quarrelmark"),
    }
    assert couple_ledger(code, actor=system(), now=NOW)[1].to_json()["window_tolerance"] == {
        "started": 1, "without_pause": 0, "value": 0.0, "shown": "0.0%", "first_pauses_s": [340],
    }  # fmt: skip
    empty_the_database()
    assert export_record(import_record(again, now=NOW), actor=system(), now=NOW) == again


@pytest.mark.usefixtures("context")
def test_what_is_wrong_in_a_file_of_the_first_version_is_told_at_its_place():
    raw = json.loads(FIRST.read_text(encoding="utf-8"))
    raw["runs"][1]["withdrawn_by"] = None
    raw["measures"] = {}
    make_clinic()

    with pytest.raises(RecordRefused) as refused:
        import_record(json.dumps(raw), now=NOW)
    assert "measures" in [where for where, _said in refused.value.problems]

    raw["measures"] = [5]
    with pytest.raises(RecordRefused) as refused:
        import_record(json.dumps(raw), now=NOW)
    assert refused.value.problems == (
        ("in_error[1].author", "This must be text."),
        ("measures[0]", "This must be an object."),
    )


@pytest.mark.usefixtures("context")
def test_id_that_is_no_text_in_a_file_of_the_first_version_is_told_at_its_place():
    raw = json.loads(FIRST.read_text(encoding="utf-8"))
    raw["runs"][1]["id"] = "\ud800"
    make_clinic()

    with pytest.raises(RecordRefused) as refused:
        import_record(json.dumps(raw), now=NOW)

    assert "runs[1].id" in [where for where, _said in refused.value.problems]


def mark(**named):
    entries = dict.fromkeys(("attempt_id", "rating_id", "run_id", "measure_id"))
    return entries | named


def test_withdrawal_of_the_first_version_becomes_a_mark_of_an_error():
    withdrawn = {
        "id": "r1",
        "revision": 2,
        "withdrawn_at": "2026-03-03T10:00:00Z",
        "withdrawn_by": "account:lead",
        "details": {"question": "Why?", "withdrawn_because": "Wrong couple."},
    }
    counting = {
        "id": "m1",
        "revision": 1,
        "withdrawn_at": None,
        "withdrawn_by": None,
        "details": {},
    }

    assert in_todays_form(
        {"format": "couple-record/1", "in_error": [{"id": "e1", "rating_id": "g1"}],
         "runs": [withdrawn], "measures": [counting]}
    ) == {
        "format": "couple-record/2",
        "in_error": [
            mark(id="e1", rating_id="g1"),
            mark(
                id=sha256(b"entry_in_error:r1").hexdigest()[:32],
                run_id="r1",
                at="2026-03-03T10:00:00Z",
                author="account:lead",
                details={"reason": "Wrong couple."},
            ),
        ],
        "runs": [{"id": "r1", "details": {"question": "Why?"}}],
        "measures": [{"id": "m1", "details": {}}],
    }  # fmt: skip


def test_withdrawal_without_a_reason_is_marked_with_a_dash():
    raw = {"format": "couple-record/1", "measures": [{"id": "m1", "withdrawn_by": "account:lead"}]}

    [found] = in_todays_form(raw)["in_error"]

    assert found == mark(
        id=sha256(b"entry_in_error:m1").hexdigest()[:32],
        measure_id="m1",
        at=None,
        author="account:lead",
        details={"reason": "—"},
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"format": "couple-record/2", "runs": [{"id": "r1", "withdrawn_at": "then"}]},
        {"format": "couple-record/1", "in_error": {}, "runs": [{"withdrawn_at": "then"}]},
        {"format": "couple-record/1", "in_error": [5], "runs": [5]},
    ],
)
def test_file_of_today_and_lists_that_cannot_be_read_stay_as_they_are(raw):
    assert in_todays_form(raw) == raw | {"format": "couple-record/2"}
