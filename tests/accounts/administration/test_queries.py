from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.accounts.administration.queries import (
    OpenSession,
    StaffAccount,
    get_account,
    list_accounts,
    list_sessions,
    open_link_until,
)
from clinic.accounts.administration.service import (
    end_account_sessions,
    invite_account,
    send_password_link,
)
from clinic.accounts.sign_in.sessions import check_session, end_session_of, start_session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, make_account, make_clinic


def system_of(clinic):
    return Actor(clinic_id=clinic.id, name="system:test", is_system=True)


def invite(clinic):
    return invite_account(
        email="marta@example.org",
        name="Marta Vale",
        roles=[Role.THERAPIST],
        actor=system_of(clinic),
        now=NOW,
    )


def test_the_list_says_when_somebody_signed_in_and_where_they_still_are(context):
    clinic = make_clinic()
    account, invited = make_account(clinic), invite(clinic)
    for hours in (13, 1, 0):
        start_session(account, address=None, now=NOW - timedelta(hours=hours))
    ines, marta = list_accounts(clinic.id, now=NOW)
    assert (ines.id, ines.has_password, ines.last_sign_in, ines.open_sessions) == (
        account.id,
        True,
        NOW,
        1,
    )
    assert (marta.id, marta.has_password, marta.last_sign_in, marta.open_sessions) == (
        invited.id,
        False,
        None,
        0,
    )
    end_account_sessions(account.id, actor=system_of(clinic), now=NOW)
    assert [one.open_sessions for one in list_accounts(clinic.id, now=NOW)] == [0, 0]


def test_only_live_sessions_are_listed_and_the_last_used_comes_first(context):
    account = make_account(make_clinic())
    older = NOW - timedelta(minutes=10)
    first = start_session(account, address=None, browser="Firefox on Linux", now=older)
    second = start_session(account, address=None, browser="Safari on iPhone", now=NOW)
    start_session(account, address=None, now=NOW - timedelta(hours=13))
    end_session_of(start_session(account, address=None, now=NOW), now=NOW)

    ids = [check_session(token, is_background=True, now=NOW).row.id for token in (first, second)]

    assert list_sessions(account.id, now=NOW) == [
        OpenSession(ids[1], "Safari on iPhone", NOW, NOW),
        OpenSession(ids[0], "Firefox on Linux", older, older),
    ]


def test_accounts_are_listed_by_name_and_only_those_of_the_clinic(context):
    clinic, other = make_clinic(), make_clinic(slug="other")
    zoe = make_account(clinic, name="Zoe", email="zoe@example.org", roles=[Role.ADMIN])
    ana = make_account(clinic, name="ana", email="ana@example.org")
    make_account(other, email="else@example.org")

    assert [one.id for one in list_accounts(clinic.id, now=NOW)] == [ana.id, zoe.id]


def test_one_account_is_found_in_its_own_clinic_only(context):
    clinic, other = make_clinic(), make_clinic(slug="other")
    account = make_account(clinic)

    assert get_account(clinic.id, account.id, now=NOW) == StaffAccount(
        id=account.id,
        name="Inês Duarte",
        email="ines.duarte@example.org",
        roles=("therapist",),
        therapist_id=None,
        active=True,
    )
    with pytest.raises(NotFound):
        get_account(other.id, account.id, now=NOW)


def test_a_link_is_open_for_a_day_and_the_latest_one_counts(context):
    clinic = make_clinic()
    account = invite(clinic)
    until = NOW + timedelta(days=1)

    assert open_link_until(account.id, now=NOW) == until
    assert open_link_until(account.id, now=until) is None
    later = NOW + timedelta(hours=1)
    send_password_link(account.id, actor=system_of(clinic), now=later)
    assert open_link_until(account.id, now=later) == later + timedelta(days=1)


def test_an_account_that_was_sent_no_link_has_none_open(context):
    assert open_link_until(make_account(make_clinic()).id, now=NOW) is None
