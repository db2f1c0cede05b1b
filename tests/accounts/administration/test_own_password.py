"""Staff change their own password by the present one; what else it ends is in test_revoke.py."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from clinic.accounts.administration.own_password import WrongPassword, change_own_password
from clinic.accounts.passwords.new_passwords import WeakPassword
from clinic.accounts.sign_in.credentials import prove_password
from clinic.accounts.sign_in.sessions import check_session, start_session
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotAllowed, SignInNeeded
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic

NEW = "a quiet harbour at dusk"


@pytest.fixture
def account(context):
    return make_account(make_clinic())


@pytest.fixture
def actor(account):
    return Actor(
        clinic_id=account.clinic_id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
    )


def change(account, actor, **changes):
    token = start_session(account, address=None, now=NOW)
    values = {"present": PASSWORD, "new": NEW, "address": None, "actor": actor, "now": NOW}
    session_id = check_session(token, now=NOW).row.id
    change_own_password(**(values | changes), session_id=session_id)


def proves(account, password):
    found = prove_password(
        account.id, password=password, address=None, clinic_id=account.clinic_id, now=NOW
    )
    return found.id == account.id


def test_new_password_counts_and_the_change_is_audited(account, actor):
    change(account, actor)

    newest = sa.select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)
    entry = session().scalars(newest).one()
    assert proves(account, NEW)
    assert (entry.action, entry.actor, entry.object_id) == (
        "account.password_changed",
        actor.name,
        account.id,
    )


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"present": "not that one at all"}, WrongPassword, "current"),
        ({"new": "short"}, WeakPassword, "new"),
    ],
)
def test_refused_change_names_its_field_and_changes_nothing(account, actor, changes, error, field):
    with pytest.raises(error) as refused:
        change(account, actor, **changes)

    assert list(refused.value.errors) == [field]
    assert proves(account, PASSWORD)


def test_only_staff_with_an_account_have_a_password(account, actor):
    with pytest.raises(SignInNeeded):
        change(account, Actor(clinic_id=account.clinic_id))
    with pytest.raises(NotAllowed):
        change(account, replace(actor, account_id=None))
