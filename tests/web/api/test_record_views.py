"""The timeline over the JSON API: what its page shows, in pages, to whoever may read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Role
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.course.timeline import timeline_page
from clinic.notes.rules.note_content import Attempt, NewRupture
from tests.support.accounts.sign_in import signed_in
from tests.support.factories import (
    NOW,
    a_note,
    a_run,
    make_account,
    make_care_couple,
    make_signed_note,
)
from tests.support.web.api_client import problem, refused_fields

AT = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def open_record(app, **account):
    """A couple with a rupture, two attempts and three sessions; a browser of its therapist."""
    with app.app_context():
        couple = make_care_couple()
        told = a_note(
            new_ruptures=(NewRupture("Alone at the party", ("secrecy",), None, 3, key="n"),),
            attempts=tuple(
                Attempt(by, ("appreciation",), "partly", "n", felt_safety_before=4) for by in "AB"
            ),
        )
        for day in range(2):
            make_signed_note(couple, at=AT - timedelta(days=day + 1))
        make_signed_note(couple, told, at=AT)
        values = {"therapist_id": couple.practice.therapist.id} | account
        make_account(couple.practice.clinic, **values)
        db.session.remove()
    return f"/api/v1/couples/{couple.code}/timeline", couple, signed_in(app)


def test_window_on_the_timeline_tells_how_it_ended(app):
    address, couple, browser = open_record(app)
    with app.app_context():
        add_run(couple.code, a_run(), happened_on=NOW.date(), actor=couple.lead, now=NOW)
        db.session.remove()

    newest = browser.get(address).json["items"][0]

    assert (newest["what"], newest["run"]) == (
        "run",
        {"asker": "A", "listener": "B", "end_state": "stopped", "first_pause_s": 340},
    )


def test_timeline_is_what_its_page_shows_newest_first(app):
    address, couple, browser = open_record(app)

    answer = browser.get(address)

    assert answer.status_code == 200, answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    with app.app_context():
        page = timeline_page(couple.code, actor=couple.lead, now=NOW)
        shown = [(one.what, one.id) for one in page.items]
    found = answer.json
    assert [(one["what"], one["id"]) for one in found["items"]] == shown
    assert (found["couple"], found["next_cursor"]) == (couple.code, None)
    by_kind = {one["what"]: one for one in reversed(found["items"])}
    assert by_kind["rupture"]["rupture"] == {
        "ref": "R-01",
        "title": "Alone at the party",
        "types": ["secrecy"],
        "status": "open",
    }
    assert by_kind["attempt"]["attempt"] | {"by": ""} == {
        "by": "",
        "acts": ["appreciation"],
        "receipt": "partly",
        "rupture": "R-01",
        "facilitated": False,
        "felt_safety_before": 4,
        "felt_safety_after": None,
        "session": 3,
    }
    newest = by_kind["note"]
    assert (newest["at"], newest["rupture"], newest["attempt"]) == (
        "2026-11-18T10:00:00Z",
        None,
        None,
    )
    assert newest["note"] == {
        "number": 3,
        "status": "signed",
        "kind": "joint",
        "end": "2026-11-18T10:50:00Z",
        "is_late": False,
        "plan": "Ten quiet minutes on Sunday.",
        "ruptures": [],
        "safety": "nil_noted",
    }


def test_pages_follow_one_another_without_a_gap_or_a_double(app):
    address, _couple, browser = open_record(app)
    whole = [one["id"] for one in browser.get(address).json["items"]]

    found, query = [], {"limit": 4}
    while query:
        page = browser.get(address, query_string=query).json
        found.append([one["id"] for one in page["items"]])
        cursor = page["next_cursor"]
        query = {"limit": 4, "before": cursor} if cursor else {}

    assert found == [whole[:4], whole[4:]]
    assert len(whole) == 6


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "x", "", "1_0", "+5", "٣", "9" * 5000])
def test_a_page_holds_1_to_100_items(app, limit):
    address, _couple, browser = open_record(app)

    assert refused_fields(browser.get(address, query_string={"limit": limit})) == ["limit"]
    statuses = [browser.get(address, query_string={"limit": n}).status_code for n in (1, 100)]
    assert statuses == [200, 200]


def test_a_broken_cursor_is_named(app):
    address, _couple, browser = open_record(app)

    assert refused_fields(browser.get(address, query_string={"before": "yesterday"})) == ["before"]


def test_an_unknown_couple_and_somebody_elses_are_answered_alike(app):
    address, _couple, browser = open_record(app, therapist_id=None)

    theirs = problem(browser.get(address), 404)
    nobodys = problem(browser.get("/api/v1/couples/C-9999/timeline"), 404)

    assert theirs == nobodys == {"type": "http://localhost/problems/not-found"}


def test_without_a_session_the_answer_is_401(app):
    address, _couple, _browser = open_record(app)

    refused = problem(app.test_client().get(address), 401)

    assert refused == {"type": "http://localhost/problems/sign-in-needed"}


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.ADMIN])
def test_front_desk_and_administration_are_refused(app, role):
    address, _couple, browser = open_record(app, roles=[role], therapist_id=None)

    refused = problem(browser.get(address), 403)

    assert refused == {"type": "http://localhost/problems/not-allowed"}


def test_reading_it_is_in_the_audit_log(app):
    address, couple, browser = open_record(app)
    browser.get(address)

    with app.app_context():
        lines = session().query(AuditEntry).filter_by(action="timeline.read")
        assert [line.object_id for line in lines] == [couple.id]
