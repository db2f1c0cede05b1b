from __future__ import annotations

import pytest
from sqlalchemy import func, select

from clinic.accounts.administration.queries import StaffAccount, list_accounts
from clinic.accounts.administration.service import (
    AccountClosed,
    EmailInUse,
    LastAdmin,
    create_account,
    deactivate_account,
    end_account_sessions,
    invite_account,
    reactivate_account,
    send_password_link,
    set_password,
    set_roles,
)
from clinic.accounts.models import Account
from clinic.accounts.passwords.new_passwords import WeakPassword
from clinic.extensions import db
from clinic.foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound, SignInNeeded
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic


def system_of(clinic) -> Actor:
    return Actor(clinic_id=clinic.id, name="system:test", is_system=True)


def invite(clinic, **changes):
    values = {
        "email": "marta@example.org",
        "name": "Marta Vale",
        "roles": [Role.THERAPIST],
        "actor": system_of(clinic),
        "now": NOW,
    }
    return invite_account(**(values | changes))


def test_an_account_is_kept_as_it_was_made(context):
    clinic = make_clinic()
    made = make_account(clinic, roles=[Role.THERAPIST, Role.ADMIN, Role.ADMIN])
    assert list_accounts(clinic.id, now=NOW) == [
        StaffAccount(
            id=made.id,
            name="Inês Duarte",
            email="ines.duarte@example.org",
            roles=("admin", "therapist"),
            therapist_id=None,
            active=True,
        )
    ]


def test_two_accounts_never_share_an_address_however_it_is_written(context):
    clinic = make_clinic()
    make_account(clinic)
    with pytest.raises(Conflict):
        make_account(clinic, email=" INES.DUARTE@example.ORG ")
    assert db.session.scalar(select(func.count()).select_from(Account)) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email": "nobody"}, InvalidInput),
        ({"email": "a@b\r\nBcc: c@d"}, InvalidInput),
        ({"email": "x" * 250 + "@example.org"}, InvalidInput),
        ({"password": "too short"}, WeakPassword),
        ({"roles": []}, InvalidInput),
    ],
)
def test_what_cannot_be_an_account_is_not_stored(context, changes, error):
    clinic = make_clinic()
    with pytest.raises(error):
        make_account(clinic, **changes)
    assert list_accounts(clinic.id, now=NOW) == []


@pytest.mark.parametrize(
    ("roles", "error"),
    [
        (frozenset(), SignInNeeded),
        (frozenset({Role.THERAPIST}), NotAllowed),
        (frozenset({Role.FRONT_DESK}), NotAllowed),
    ],
)
def test_only_admins_manage_accounts(context, roles, error):
    clinic = make_clinic()
    account = make_account(clinic)
    actor = Actor(clinic_id=clinic.id, account_id="x", roles=roles)
    attempts = [
        lambda: make_account(clinic, email="b@example.org", actor=actor),
        lambda: set_roles(account.id, roles=[Role.ADMIN], actor=actor, now=NOW),
        lambda: set_password(account.id, password=PASSWORD, actor=actor, now=NOW),
        lambda: deactivate_account(account.id, actor=actor, now=NOW),
        lambda: reactivate_account(account.id, actor=actor, now=NOW),
        lambda: invite(clinic, email="b@example.org", actor=actor),
        lambda: send_password_link(account.id, actor=actor, now=NOW),
        lambda: end_account_sessions(account.id, actor=actor, now=NOW),
    ]
    for attempt in attempts:
        with pytest.raises(error):
            attempt()


def test_an_admin_of_another_clinic_reaches_nothing_here(context):
    account = make_account(make_clinic())
    other = make_clinic(slug="elsewhere")
    admin = Actor(clinic_id=other.id, account_id="x", roles=frozenset({Role.ADMIN}))
    with pytest.raises(NotFound):
        set_password(account.id, password="a quiet harbour at dusk", actor=admin, now=NOW)
    with pytest.raises(NotFound):
        set_roles(account.id, roles=[Role.ADMIN], actor=admin, now=NOW)


def test_the_last_admin_stays(context):
    clinic = make_clinic()
    admin = make_account(clinic, roles=[Role.ADMIN])
    with pytest.raises(LastAdmin):
        deactivate_account(admin.id, actor=system_of(clinic), now=NOW)
    with pytest.raises(LastAdmin):
        set_roles(admin.id, roles=[Role.FRONT_DESK], actor=system_of(clinic), now=NOW)
    db.session.expire_all()
    assert (admin.active, admin.role_names) == (True, ["admin"])
    second = make_account(clinic, email="second@example.org", roles=[Role.ADMIN])
    deactivate_account(admin.id, actor=system_of(clinic), now=NOW)
    assert [account.active for account in (admin, second)] == [False, True]
    reactivate_account(admin.id, actor=system_of(clinic), now=NOW)
    assert admin.active


def test_creating_says_which_field_is_wrong(context):
    clinic = make_clinic()
    with pytest.raises(WeakPassword) as refused:
        create_account(
            email="a@example.org",
            name="A",
            password="short",
            roles=[Role.ADMIN],
            actor=system_of(clinic),
            now=NOW,
        )
    assert refused.value.errors == {"password": ["The password needs at least 15 characters."]}


def test_an_invited_admin_is_not_yet_one_who_can_manage_accounts(context):
    clinic = make_clinic()
    admin = make_account(clinic, roles=[Role.ADMIN])
    invite(clinic, roles=[Role.ADMIN])
    with pytest.raises(LastAdmin):
        deactivate_account(admin.id, actor=system_of(clinic), now=NOW)


def test_nobody_is_invited_to_an_address_that_has_an_account(context):
    clinic = make_clinic()
    kept = make_account(clinic).password_sealed
    with pytest.raises(EmailInUse):
        invite(clinic, email="INES.duarte@example.org")
    db.session.expire_all()
    assert db.session.scalars(select(Account.password_sealed)).all() == [kept]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\r\nBcc: c@d"}, "email"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "Marta\nVale"}, "name"),
        ({"roles": []}, "roles"),
    ],
)
def test_what_cannot_be_invited_is_said_at_its_field(context, changes, field):
    clinic = make_clinic()
    with pytest.raises(InvalidInput) as refused:
        invite(clinic, **changes)
    assert (list(refused.value.errors), list_accounts(clinic.id, now=NOW)) == ([field], [])


def test_nothing_is_sent_to_a_disabled_account(context):
    clinic = make_clinic()
    make_account(clinic, email="boss@example.org", roles=[Role.ADMIN])
    account = make_account(clinic)
    deactivate_account(account.id, actor=system_of(clinic), now=NOW)
    with pytest.raises(AccountClosed):
        send_password_link(account.id, actor=system_of(clinic), now=NOW)
