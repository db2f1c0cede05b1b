"""The browser in which the owner signed in is let in, whatever strangers do around it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from clinic.accounts.administration.service import (
    deactivate_account,
    end_account_sessions,
    reactivate_account,
    set_password,
)
from clinic.accounts.models import KnownDevice
from clinic.accounts.rules.throttling import DEVICE_KNOWN_FOR, DEVICE_STOPPED_AT
from clinic.accounts.sign_in.credentials import (
    CredentialsRefused,
    check_credentials,
    forget_old_traces,
    prove_password,
)
from clinic.accounts.sign_in.known_devices import remember_device
from clinic.accounts.sign_in.sessions import end_other_sessions, end_own_session, start_session
from clinic.extensions import db
from clinic.foundation.errors import TooManyRequests
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.sign_in import ELSEWHERE, EMAIL, HOME
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic


@pytest.fixture
def clinic(context):
    return make_clinic()


@pytest.fixture
def account(clinic):
    return make_account(clinic)


def attempt(clinic, typed="wrong", *, email=EMAIL, address=HOME, device=None, now=NOW):
    """`in`, `refused`, or the seconds to wait."""
    try:
        check_credentials(
            email, password=typed, address=address, device=device, clinic_id=clinic.id, now=now
        )
    except CredentialsRefused:
        return "refused"
    except TooManyRequests as error:
        return error.retry_after
    return "in"


def remember(account, *, token=None, session_token=None, now=NOW):
    return remember_device(account, token=token, session_token=session_token, now=now)


def admin_of(clinic):
    return Actor(clinic_id=clinic.id, name="system:test", is_system=True)


def is_let_in(clinic, device, *, typed=PASSWORD, now=NOW):
    """After strangers have used the address up for everybody."""
    for n in range(31):
        attempt(clinic, email=f"somebody{n}@example.org", now=now)
    return attempt(clinic, typed, device=device, now=now) == "in"


def test_strangers_at_the_same_address_lock_nobody_out_of_a_known_browser(clinic, account):
    device = remember(account)
    for n in range(30):
        attempt(clinic, email=f"somebody{n}@example.org")
    for _ in range(6):
        attempt(clinic)  # nor those who know the owner's e-mail

    assert attempt(clinic, PASSWORD) == 30
    assert attempt(clinic, PASSWORD, device=device) == "in"


def test_strangers_anywhere_lock_nobody_out_of_a_known_browser(clinic, account):
    device = remember(account)
    for n in range(110):
        attempt(clinic, address=f"203.0.113.{n}", now=NOW + n * timedelta(hours=2))
    later = NOW + timedelta(days=20)

    assert attempt(clinic, PASSWORD, address="192.0.2.1", now=later) == 3600
    assert attempt(clinic, PASSWORD, address="192.0.2.2", device=device, now=later) == "in"


def test_known_browser_has_a_small_count_of_its_own_and_then_is_a_strangers(clinic, account):
    device, now, said = remember(account), NOW, []
    for n in range(DEVICE_STOPPED_AT):
        said.append(attempt(clinic, device=device, address=f"203.0.113.{n}", now=now))
        now += timedelta(hours=1)
    assert said == ["refused"] * DEVICE_STOPPED_AT

    assert not is_let_in(clinic, device, now=now)


def test_known_browser_waits_longer_after_each_of_its_failures(clinic, account):
    device = remember(account)

    said = [attempt(clinic, device=device, address=f"203.0.113.{n}") for n in range(6)]
    later = NOW + timedelta(seconds=30)
    said.append(attempt(clinic, device=device, now=later))
    said.append(attempt(clinic, PASSWORD, device=device, now=later))

    assert said == ["refused"] * 5 + [30, "refused", 60]


def test_success_ends_the_count_of_a_known_browser(clinic, account):
    device = remember(account)
    for _ in range(3):
        for _ in range(4):
            assert attempt(clinic, device=device) == "refused"
        assert attempt(clinic, PASSWORD, device=device) == "in"

    assert db.session.scalars(select(KnownDevice.failures)).all() == [0]


def test_browser_is_known_to_no_other_account(clinic, account):
    make_account(clinic, email="rui@example.org")
    device = remember(account)
    for n in range(30):
        attempt(clinic, email=f"somebody{n}@example.org")

    said = [attempt(clinic, PASSWORD, email="rui@example.org", device=device)]
    said.append(attempt(clinic, PASSWORD, email="nobody@example.org", device=device))

    assert said == [30, 30]


def test_shared_browser_is_known_to_everybody_who_signed_in_there(clinic, account):
    rui = make_account(clinic, email="rui@example.org")
    first = remember(account)
    second = remember(rui, token=first)

    assert is_let_in(clinic, second)
    assert attempt(clinic, PASSWORD, email="rui@example.org", device=second) == "in"


def test_each_sign_in_makes_a_copy_of_the_last_token_worthless(clinic, account):
    copied = remember(account)
    kept = remember(account, token=copied)

    assert (is_let_in(clinic, copied), is_let_in(clinic, kept)) == (False, True)
    assert db.session.scalar(select(func.count()).select_from(KnownDevice)) == 1


@pytest.mark.parametrize("token", [None, "", "x", "x" * 43, "\ud800"])
def test_made_up_token_is_known_to_nobody(clinic, account, token):
    remember(account)

    assert not is_let_in(clinic, token)


def test_browser_is_known_for_ninety_days(clinic, account):
    device = remember(account)
    last = NOW + DEVICE_KNOWN_FOR - timedelta(seconds=1)

    assert is_let_in(clinic, device, now=last)
    assert not is_let_in(clinic, device, now=last + timedelta(seconds=1))


def test_housekeeping_forgets_browsers_that_are_known_no_longer(clinic, account):
    remember(account)
    counted = select(func.count()).select_from(KnownDevice)

    forget_old_traces(now=NOW + DEVICE_KNOWN_FOR - timedelta(seconds=1))
    assert db.session.scalar(counted) == 1
    forget_old_traces(now=NOW + DEVICE_KNOWN_FOR)
    assert db.session.scalar(counted) == 0


def test_new_password_a_closed_account_and_ended_sessions_make_every_browser_a_strangers(clinic):
    make_account(clinic, email="admin@example.org", roles=[Role.ADMIN])
    admin = admin_of(clinic)

    def end(account):
        end_account_sessions(account.id, actor=admin, now=NOW)

    def close(account):
        deactivate_account(account.id, actor=admin, now=NOW)
        reactivate_account(account.id, actor=admin, now=NOW)

    def renew(account):
        set_password(account.id, password=PASSWORD, actor=admin, now=NOW)

    for number, deed in enumerate((end, close, renew)):
        account = make_account(clinic, email=f"person{number}@example.org")
        remember(account)
        deed(account)
    assert db.session.scalars(select(KnownDevice)).all() == []


def test_browser_of_a_session_that_its_owner_ended_is_known_no_longer(clinic, account):
    tokens = [start_session(account, address=HOME, now=NOW) for _ in range(3)]
    devices = [remember(account, session_token=token) for token in tokens]
    rows = {row.token_hash: row for row in db.session.scalars(select(KnownDevice))}
    ids = [row.session_id for row in sorted(rows.values(), key=lambda row: row.session_id)]
    db.session.rollback()
    me = Actor(
        clinic_id=clinic.id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
    )

    end_own_session(ids[0], actor=me, now=NOW)
    assert sorted(db.session.scalars(select(KnownDevice.session_id))) == ids[1:]
    end_other_sessions(except_session_id=ids[1], actor=me, now=NOW)
    assert db.session.scalars(select(KnownDevice.session_id)).all() == [ids[1]]
    assert len(set(devices)) == 3


def test_token_is_kept_as_a_hash_only(clinic, account):
    device = remember(account)

    row = db.session.execute(select(KnownDevice.__table__)).one()
    assert device.encode() not in row.token_hash
    assert (len(device), account.id in device) == (43, False)


def test_new_browser_at_a_used_up_address_waits_five_minutes_at_most(clinic, account):
    now = NOW
    for n in range(60):
        attempt(clinic, email=f"somebody{n}@example.org", now=now)
        now += timedelta(minutes=5)

    assert attempt(clinic, PASSWORD, now=now - timedelta(minutes=5)) == 300
    assert attempt(clinic, PASSWORD, now=now) == "in"
    assert attempt(clinic, PASSWORD, address=ELSEWHERE) == "in"


def test_known_browser_that_tries_other_accounts_is_any_address(clinic, account):
    device = remember(account)
    for n in range(30):
        attempt(clinic, email=f"somebody{n}@example.org", device=device)

    assert attempt(clinic, email="nobody@example.org", device=device) == 30


def test_password_shown_again_in_a_known_browser_is_not_held_up(clinic, account):
    device = remember(account)
    assert is_let_in(clinic, device)

    said = prove_password(
        account.id, password=PASSWORD, address=HOME, device=device, clinic_id=clinic.id, now=NOW
    )

    assert said.id == account.id


def test_tries_sent_at_the_same_moment_do_not_slip_past_the_count_of_a_browser(
    clinic, account, context
):
    device, start, said = remember(account), threading.Barrier(12), []

    def one(n):
        with context.app_context():
            start.wait()
            said.append(attempt(clinic, device=device, address=f"203.0.113.{n}"))
            db.session.remove()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, said)) == ["30"] * 7 + ["refused"] * 5
