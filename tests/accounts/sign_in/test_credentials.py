from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from clinic.accounts.administration.service import deactivate_account, set_password
from clinic.accounts.models import FailedSignIn, StaffSession
from clinic.accounts.rules import password_hashing
from clinic.accounts.sign_in.credentials import (
    CredentialsRefused,
    check_credentials,
    forget_old_traces,
    prove_password,
)
from clinic.accounts.sign_in.sessions import start_session
from clinic.extensions import db
from clinic.foundation.errors import NotFound, TooManyRequests
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.sign_in import ELSEWHERE, EMAIL, HOME
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic


def attempt(clinic, typed="wrong", *, email=EMAIL, address=HOME, now=NOW) -> str | int:
    """`in`, `refused`, or the seconds to wait."""
    try:
        check_credentials(email, password=typed, address=address, clinic_id=clinic.id, now=now)
    except CredentialsRefused:
        return "refused"
    except TooManyRequests as error:
        return error.retry_after
    return "in"


def counts() -> dict[str, list[int]]:
    rows = db.session.execute(select(FailedSignIn.scope, FailedSignIn.failures))
    found: dict[str, list[int]] = {}
    for scope, failures in rows:
        found.setdefault(scope, []).append(failures)
    db.session.rollback()
    return {scope: sorted(numbers) for scope, numbers in found.items()}


def test_the_right_password_opens_and_an_address_may_be_written_in_any_case(context):
    account = make_account(make_clinic())
    found = check_credentials(
        " INES.Duarte@Example.org ",
        password=PASSWORD,
        address=HOME,
        clinic_id=account.clinic_id,
        now=NOW,
    )
    assert found.id == account.id


def test_after_five_failures_each_next_one_waits_longer(context):
    clinic = make_clinic()
    make_account(clinic)
    said = [attempt(clinic) for _ in range(6)]
    half_a_minute = NOW + timedelta(seconds=30)
    said += [attempt(clinic, now=half_a_minute), attempt(clinic, now=half_a_minute)]
    assert said == ["refused"] * 5 + [30, "refused", 60]


def test_a_wait_binds_the_right_password_too_and_a_success_ends_the_count(context):
    clinic = make_clinic()
    make_account(clinic)
    for _ in range(5):
        attempt(clinic)
    assert attempt(clinic, PASSWORD) == 30
    assert attempt(clinic, PASSWORD, now=NOW + timedelta(seconds=30)) == "in"
    assert counts() == {"address": [0]}


def test_waiting_alone_does_not_reset_the_count_of_an_account(context):
    clinic = make_clinic()
    make_account(clinic)
    for _ in range(5):
        attempt(clinic)
    assert attempt(clinic, now=NOW + timedelta(days=7)) == "refused"
    assert attempt(clinic, now=NOW + timedelta(days=7)) == 60


def test_one_address_gets_thirty_failures_over_all_accounts_known_or_not(context):
    clinic = make_clinic()
    make_account(clinic)
    said = [attempt(clinic, email=f"somebody{n}@example.org") for n in range(31)]
    assert said == ["refused"] * 30 + [30]
    assert attempt(clinic, address=ELSEWHERE) == "refused"


def test_a_valid_account_does_not_wipe_out_an_address_count(context):
    clinic = make_clinic()
    make_account(clinic)
    for n in range(10):
        attempt(clinic, email=f"somebody{n}@example.org")
    attempt(clinic)
    assert attempt(clinic, PASSWORD) == "in"
    assert counts()["address"] == [10]


def test_one_account_gets_fifty_failures_from_anywhere(context):
    clinic = make_clinic()
    make_account(clinic)
    said = [attempt(clinic, address=f"203.0.113.{n}") for n in range(51)]
    assert said == ["refused"] * 50 + [30]


def test_strangers_cannot_lock_the_owner_out_where_the_owner_is_known(context):
    clinic = make_clinic()
    account = make_account(clinic)
    start_session(account, address=HOME, now=NOW - timedelta(days=3))
    for n in range(51):
        attempt(clinic, address=f"203.0.113.{n}")
    assert attempt(clinic, PASSWORD, address="192.0.2.1") == 30
    assert attempt(clinic, PASSWORD, address=HOME) == "in"


def test_an_unknown_account_is_throttled_like_a_known_one(context):
    clinic = make_clinic()
    make_account(clinic)
    known = [attempt(clinic, address="203.0.113.1") for _ in range(8)]
    unknown = [attempt(clinic, email="nobody@example.org", address="203.0.113.2") for _ in range(8)]
    assert known == unknown


class CountingHasher:
    """The real hasher, counting how often it is asked to work."""

    def __init__(self) -> None:
        self.real = password_hashing.hasher
        self.runs = 0

    def hash(self, password: bytes) -> str:
        self.runs += 1
        return self.real.hash(password)

    def verify(self, kept: str, password: bytes) -> bool:
        self.runs += 1
        return self.real.verify(kept, password)

    def check_needs_rehash(self, kept: str) -> bool:
        return self.real.check_needs_rehash(kept)


def test_unknown_wrong_and_deactivated_cost_the_same_one_hash(context, monkeypatch):
    clinic = make_clinic()
    make_account(clinic)
    closed = make_account(clinic, email="closed@example.org")
    system = Actor(clinic_id=clinic.id, name="system:test", is_system=True)
    make_account(clinic, email="admin@example.org", roles=[Role.ADMIN])
    deactivate_account(closed.id, actor=system, now=NOW)
    counting = CountingHasher()
    monkeypatch.setattr(password_hashing, "hasher", counting)
    runs = []
    for email, password in [
        (EMAIL, "wrong"),
        ("nobody@example.org", "wrong"),
        ("closed@example.org", PASSWORD),
    ]:
        assert attempt(clinic, password, email=email) == "refused"
        runs.append(counting.runs)
    assert runs == [1, 2, 3]


def test_tries_sent_at_the_same_moment_do_not_slip_past_the_limit(context):
    clinic = make_clinic()
    make_account(clinic)
    said: list[str | int] = []
    start = threading.Barrier(12)

    def one() -> None:
        with context.app_context():
            start.wait()
            said.append(attempt(clinic))
            db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, said)) == ["30"] * 7 + ["refused"] * 5


def test_a_new_password_set_by_the_clinic_lifts_a_stopped_account(context):
    clinic = make_clinic()
    account = make_account(clinic)
    for n in range(51):
        attempt(clinic, address=f"203.0.113.{n}")
    system = Actor(clinic_id=clinic.id, name="system:test", is_system=True)
    set_password(account.id, password="a quiet harbour at dusk", actor=system, now=NOW)
    assert attempt(clinic, "a quiet harbour at dusk", address=ELSEWHERE) == "in"


def test_a_hash_of_older_strength_is_renewed_at_the_next_sign_in(
    at_full_cost, context, monkeypatch
):
    clinic = make_clinic()
    today = password_hashing.hasher
    weaker = password_hashing.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
    monkeypatch.setattr(password_hashing, "hasher", weaker)
    account = make_account(clinic)
    monkeypatch.setattr(password_hashing, "hasher", today)
    assert password_hashing.is_outdated(account.password)
    assert attempt(clinic, PASSWORD) == "in"
    db.session.expire_all()
    assert (password_hashing.is_outdated(account.password), attempt(clinic, PASSWORD)) == (
        False,
        "in",
    )


def test_housekeeping_forgets_strangers_and_old_sessions_but_no_count_of_an_account(context):
    clinic = make_clinic()
    account = make_account(clinic)
    start_session(account, address=HOME, now=NOW)
    attempt(clinic)
    attempt(clinic, email="nobody@example.org", address=ELSEWHERE)
    forget_old_traces(now=NOW + timedelta(days=90))
    assert counts() == {"account": [1, 1], "address": [1, 1], "pair": [1, 1]}
    assert db.session.scalar(select(func.count()).select_from(StaffSession)) == 1
    forget_old_traces(now=NOW + timedelta(days=90, seconds=1))
    assert counts() == {"account": [1]}
    assert db.session.scalar(select(func.count()).select_from(StaffSession)) == 0


def test_showing_the_password_again_counts_like_signing_in(context):
    account = make_account(make_clinic())
    clinic_id = account.clinic_id
    for _ in range(5):
        with pytest.raises(CredentialsRefused):
            prove_password(account.id, password="x", address=HOME, clinic_id=clinic_id, now=NOW)
    with pytest.raises(TooManyRequests):
        prove_password(account.id, password=PASSWORD, address=HOME, clinic_id=clinic_id, now=NOW)
    with pytest.raises(NotFound):
        prove_password("0" * 32, password=PASSWORD, address=HOME, clinic_id=clinic_id, now=NOW)
