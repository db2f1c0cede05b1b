"""Sessions as rows: what ends one, and what of a cookie outlives it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.accounts.administration.queries import list_sessions
from clinic.accounts.administration.service import deactivate_account, set_roles
from clinic.accounts.browser.browser_sessions import require_recent_proof
from clinic.accounts.browser.route_guard import requires
from clinic.accounts.models import Account, StaffSession
from clinic.extensions import db
from clinic.foundation import audit
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import ProofNeeded
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from tests.support.accounts.sign_in import (
    EMAIL,
    clinic_with_account,
    csrf_token,
    is_inside,
    post,
    sign_in,
    signed_in,
)
from tests.support.factories import NOW, PASSWORD, make_account

NEW_PASSWORD = "a quiet harbour at dusk"


def cookie_of(client) -> str:
    cookie = client.get_cookie("clinic")
    assert cookie is not None
    return str(cookie.value)


def sessions_of(app, account) -> list[StaffSession]:
    with app.app_context():
        return list(db.session.scalars(select(StaffSession).order_by(StaffSession.started_at)))


def test_signing_out_ends_the_row_and_a_kept_cookie_opens_nothing(app):
    account = clinic_with_account(app)
    client = signed_in(app)
    kept = cookie_of(client)
    response = post(client, "/logout")
    assert (response.status_code, response.location) == (302, "/")
    thief = app.test_client()
    thief.set_cookie("clinic", kept)
    assert (is_inside(client), is_inside(thief)) == (False, False)
    assert [row.ended_at for row in sessions_of(app, account)] == [NOW]


def test_signing_out_needs_a_post_with_a_token(app):
    clinic_with_account(app)
    client = signed_in(app)
    assert (client.get("/logout").status_code, client.post("/logout").status_code) == (405, 400)
    assert is_inside(client)


def test_signing_in_begins_a_new_session_and_drops_all_from_before(app):
    account = clinic_with_account(app)
    client = app.test_client()
    before = csrf_token(client)
    with client.session_transaction() as cookie:
        cookie["planted"], cookie["language"], cookie["staff_session"] = "x", "pt", "guess"
    sign_in(client)
    with client.session_transaction() as cookie:
        found = dict(cookie)
    assert {"planted", "csrf_token"} & set(found) == set()
    assert (found["language"], found["staff_session"] != "guess") == ("pt", True)
    assert len(found["staff_session"]) >= 43
    refused = client.post("/logout", data={"csrf_token": before})
    assert (refused.status_code, is_inside(client)) == (400, True)
    (row,) = sessions_of(app, account)
    assert found["staff_session"].encode() not in row.token_hash


def test_every_sign_in_has_a_token_of_its_own(app):
    account = clinic_with_account(app)
    first, second = signed_in(app), signed_in(app)
    assert cookie_of(first) != cookie_of(second)
    assert len({row.token_hash for row in sessions_of(app, account)}) == 2


def test_a_signed_cookie_without_a_live_row_is_a_visitor(app):
    account = clinic_with_account(app)
    client = app.test_client()
    for token in (None, "", "x" * 43, 7, ["a"]):
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["staff_session"] = account.fs_uniquifier, token
        assert not is_inside(client)


def test_a_token_does_not_open_another_account(app):
    clinic_with_account(app)
    with app.app_context():
        from clinic.practice.clinic.clinics import the_clinic

        other = make_account(the_clinic(), email="rui@example.org", roles=[Role.ADMIN])
    client = signed_in(app)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = other.fs_uniquifier
    assert not is_inside(client)


def test_fifteen_idle_minutes_end_a_session(app):
    clinic_with_account(app)
    client = signed_in(app)
    clock.move(timedelta(minutes=14, seconds=59))
    assert is_inside(client)
    clock.move(timedelta(minutes=15))
    assert not is_inside(client)


def test_use_keeps_a_session_for_twelve_hours_and_no_longer(app):
    clinic_with_account(app)
    client = signed_in(app)
    for _ in range(71):
        clock.move(timedelta(minutes=10))
        assert is_inside(client)
    clock.move(timedelta(minutes=10))
    assert not is_inside(client)


def test_background_polls_do_not_keep_a_session(app):
    clinic_with_account(app)
    client = signed_in(app)
    for _ in range(2):
        clock.move(timedelta(minutes=7))
        assert client.get("/desk/account", headers={"X-Background": "1"}).status_code == 200
    clock.move(timedelta(minutes=1))
    assert not is_inside(client)


def test_use_is_written_down_at_most_once_a_minute(app):
    account = clinic_with_account(app)
    client = signed_in(app)
    seen = []
    for seconds in (30, 29, 1, 59, 1):
        clock.move(timedelta(seconds=seconds))
        is_inside(client)
        seen.append((sessions_of(app, account)[0].seen_at - NOW).total_seconds())
    assert seen == [0, 0, 60, 60, 120]


def test_a_session_can_be_ended_from_another_browser(app):
    account = clinic_with_account(app)
    here, there = signed_in(app), signed_in(app)
    other = next(
        row.id for row in sessions_of(app, account) if row.id in here.get("/desk/account").text
    )
    assert post(here, f"/desk/account/sessions/{other}/end").status_code == 302
    assert (is_inside(here), is_inside(there)) == (True, False)


def test_all_other_sessions_can_be_ended_at_once(app):
    clinic_with_account(app)
    here, there, elsewhere = signed_in(app), signed_in(app), signed_in(app)
    post(here, "/desk/account/sessions/end-others")
    assert [is_inside(client) for client in (here, there, elsewhere)] == [True, False, False]


def test_nobody_ends_or_sees_the_sessions_of_another(app):
    account = clinic_with_account(app)
    with app.app_context():
        from clinic.practice.clinic.clinics import the_clinic

        make_account(the_clinic(), email="rui@example.org", roles=[Role.ADMIN])
    victim = signed_in(app)
    (row,) = sessions_of(app, account)
    other = signed_in(app, email="rui@example.org")
    assert row.id not in other.get("/desk/account").text
    assert post(other, f"/desk/account/sessions/{row.id}/end").status_code == 404
    assert is_inside(victim)


def test_deactivating_an_account_ends_its_sessions(app):
    account = clinic_with_account(app)
    client = signed_in(app)
    with app.app_context():
        from clinic.practice.clinic.clinics import the_clinic

        make_account(the_clinic(), email="rui@example.org", roles=[Role.ADMIN])
        system = Actor(clinic_id=account.clinic_id, name="system:test", is_system=True)
        deactivate_account(account.id, actor=system, now=NOW)
        assert list_sessions(account.id, now=NOW) == []
    assert not is_inside(client)


def test_an_inactive_account_is_a_visitor_even_with_a_session_left_open(app):
    account = clinic_with_account(app)
    client = signed_in(app)
    with app.app_context(), transaction() as current:
        current.get_one(Account, account.id).active = False
    assert not is_inside(client)


def test_changed_roles_count_from_the_next_request(app):
    account = clinic_with_account(app)
    app.add_url_rule("/desk/probe", "probe", requires(Permission.SEE_AUDIT)(lambda: "log"))
    client = signed_in(app)
    assert client.get("/desk/probe").status_code == 403
    with app.app_context():
        system = Actor(clinic_id=account.clinic_id, name="system:test", is_system=True)
        set_roles(account.id, roles=[Role.ADMIN], actor=system, now=NOW)
    assert client.get("/desk/probe").status_code == 200


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(app):
    clinic_with_account(app)
    here, there = signed_in(app), signed_in(app)
    response = post(here, "/desk/account/password", present=PASSWORD, new=NEW_PASSWORD)
    assert (response.status_code, response.location) == (302, "/desk/account")
    assert (is_inside(here), is_inside(there)) == (True, False)
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), password=NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"present": "wrong", "new": NEW_PASSWORD}, "This is not your present password."),
        ({"present": PASSWORD, "new": "short"}, "Please use at least 15 characters"),
        ({"present": PASSWORD, "new": "x" * 129}, "Please use at most 128 characters."),
        ({"present": PASSWORD, "new": "ines.duarte@example.org"}, "or of your own name"),
        ({"present": "", "new": NEW_PASSWORD}, "Please enter your present password."),
        ({"present": PASSWORD, "new": ""}, "Please enter a new password."),
    ],
)
def test_a_password_that_is_not_taken_is_explained_and_changes_nothing(app, fields, said):
    clinic_with_account(app)
    client = signed_in(app)
    response = post(client, "/desk/account/password", **fields)
    assert (response.status_code, said in response.text) == (422, True)
    assert sign_in(app.test_client()).status_code == 302


def test_guessing_the_present_password_is_throttled_like_signing_in(app):
    clinic_with_account(app)
    client = signed_in(app)
    said = [post(client, "/desk/account/password", present="x", new=NEW_PASSWORD) for _ in range(6)]
    assert [answer.status_code for answer in said] == [422] * 5 + [429]
    assert said[-1].headers["Retry-After"] == "30"


def test_a_proof_is_fresh_for_five_minutes_after_signing_in(app):
    clinic_with_account(app)
    app.add_url_rule(
        "/desk/probe",
        "probe",
        requires(Permission.OWN_ACCOUNT)(lambda: require_recent_proof() or "proved"),
    )
    client = signed_in(app)
    clock.move(timedelta(minutes=4, seconds=59))
    assert client.get("/desk/probe").text == "proved"
    clock.move(timedelta(seconds=1))
    assert client.get("/desk/probe").status_code == ProofNeeded.status
    post(client, "/desk/account/password", present=PASSWORD, new=NEW_PASSWORD)
    assert client.get("/desk/probe").text == "proved"


def test_signing_in_and_out_and_refusals_are_in_the_audit_log(app):
    account = clinic_with_account(app)
    client = app.test_client()
    sign_in(client, password="x")
    sign_in(client, email="nobody@example.org")
    sign_in(client)
    post(client, "/logout")
    with app.app_context():
        entries = db.session.scalars(select(audit.AuditEntry).order_by(audit.AuditEntry.seq))
        deeds = [(entry.actor, entry.action) for entry in entries]
        assert audit.first_broken_entry(db.session()) is None
    me = f"account:{account.id}"
    assert deeds == [
        ("system:test", "account.created"),
        ("visitor", "account.sign_in_refused"),
        ("visitor", "account.sign_in_refused"),
        (me, "session.started"),
        (me, "session.ended"),
    ]


def test_the_account_page_names_the_browsers(app):
    clinic_with_account(app)
    client = signed_in(app, headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/145.0"})
    page = client.get("/desk/account")
    assert ("Firefox, Linux" in page.text, page.headers["Cache-Control"]) == (True, "no-store")
    assert EMAIL in page.text
