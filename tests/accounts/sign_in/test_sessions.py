from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.accounts.models import StaffSession
from clinic.accounts.rules.session_rules import SessionState
from clinic.accounts.sign_in.credentials import address_index
from clinic.accounts.sign_in.sessions import (
    CheckedSession,
    check_session,
    end_other_sessions,
    end_own_session,
    end_session_of,
    end_sessions,
    renew_proof,
    start_session,
)
from clinic.extensions import db
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor
from tests.support.factories import NOW, make_account, make_clinic

MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(context):
    return make_account(make_clinic())


def actor_of(account):
    return Actor(clinic_id=account.clinic_id, name=f"account:{account.id}", account_id=account.id)


def begin(account, *, now=NOW):
    return start_session(account, address="192.0.2.1", browser="Firefox", now=now)


def row_of(token):
    db.session.expire_all()
    return db.session.scalar(
        select(StaffSession).where(StaffSession.token_hash == token_hash(token))
    )


def state(token, *, now=NOW):
    return check_session(token, now=now).state


def test_a_session_begins_seen_and_proved_and_its_row_holds_no_token(account):
    token = start_session(account, address=None, browser="x" * 90, now=NOW)

    row = row_of(token)
    assert (row.account_id, row.started_at, row.seen_at, row.proved_at, row.ended_at) == (
        account.id,
        NOW,
        NOW,
        NOW,
        None,
    )
    unknown = address_index(account.clinic_id, None)
    assert (row.browser, row.address_index) == ("x" * 80, unknown)
    assert token.encode() not in bytes(row.token_hash)


def test_a_live_token_leads_to_its_row_and_account(account):
    token = begin(account)

    assert check_session(token, now=NOW) == CheckedSession(
        SessionState.LIVE, row_of(token), account
    )


def test_a_made_up_token_is_unknown(account):
    assert check_session("nothing", now=NOW) == CheckedSession(SessionState.UNKNOWN)


def test_use_is_noted_once_a_minute_and_not_in_the_background(account):
    token = begin(account)

    check_session(token, now=NOW + MINUTE - timedelta(seconds=1))
    check_session(token, is_background=True, now=NOW + 5 * MINUTE)
    assert row_of(token).seen_at == NOW
    check_session(token, now=NOW + 5 * MINUTE)
    assert row_of(token).seen_at == NOW + 5 * MINUTE


def test_a_session_of_a_disabled_account_has_ended(account):
    token = begin(account)
    with transaction() as current:
        current.get_one(type(account), account.id).active = False

    assert check_session(token, now=NOW) == CheckedSession(SessionState.ENDED)


def test_signing_out_ends_that_session_once(account):
    token, other = begin(account), begin(account)

    end_session_of(token, now=NOW + MINUTE)
    end_session_of(token, now=NOW + 2 * MINUTE)

    assert row_of(token).ended_at == NOW + MINUTE
    assert (state(token), state(other)) == (SessionState.ENDED, SessionState.LIVE)


def test_only_an_own_session_can_be_ended_by_its_id(account):
    token = begin(account)
    session_id = row_of(token).id
    stranger = Actor(clinic_id=account.clinic_id, name="account:x", account_id="0" * 32)

    for actor in (stranger, Actor(clinic_id=account.clinic_id)):
        with pytest.raises(NotFound):
            end_own_session(session_id, actor=actor, now=NOW)
    assert state(token) is SessionState.LIVE
    end_own_session(session_id, actor=actor_of(account), now=NOW)
    assert state(token) is SessionState.ENDED


def test_all_sessions_but_one_end_together(account):
    tokens = [begin(account) for _ in range(3)]

    end_other_sessions(except_session_id=row_of(tokens[1]).id, actor=actor_of(account), now=NOW)

    assert [state(token) for token in tokens] == [
        SessionState.ENDED,
        SessionState.LIVE,
        SessionState.ENDED,
    ]


def test_nobody_signed_in_has_no_other_sessions(account):
    with pytest.raises(NotFound):
        end_other_sessions(except_session_id="x", actor=Actor(clinic_id=account.clinic_id), now=NOW)


def test_all_sessions_of_one_account_end_and_none_of_another(account):
    token = begin(account)
    other = begin(make_account(make_clinic(slug="other"), email="rui@example.org"))

    with transaction() as current:
        end_sessions(current, account.id, now=NOW)

    assert (state(token), state(other)) == (SessionState.ENDED, SessionState.LIVE)


def test_a_password_shown_again_renews_the_proof(account):
    token = begin(account)

    with transaction() as current:
        renew_proof(current, row_of(token).id, now=NOW + MINUTE)

    assert row_of(token).proved_at == NOW + MINUTE
