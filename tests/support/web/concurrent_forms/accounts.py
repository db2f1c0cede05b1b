"""Staff and their accounts: signing in, one's own password and sessions, the clinic's accounts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from clinic.accounts.administration.service import deactivate_account, invite_account
from clinic.accounts.models import AccountLink, StaffSession
from clinic.accounts.passwords.links import token_of
from clinic.accounts.sign_in.sessions import start_session
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Role
from tests.support.factories import NOW, PASSWORD
from tests.support.web.concurrent_forms.clinic import StaffedClinic, case
from tests.support.web.concurrent_requests import Sent

NEW_PASSWORD = "another long lantern over water"

# Signing in, and one's own account


@case("/login")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.FRONT_DESK)
    clinic.visitor()
    return clinic.by("visitor", "/login", email=f"{name}@example.org", password=PASSWORD)


@case("/logout")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.FRONT_DESK)
    clinic.sign_in(name)
    return clinic.by(name, "/logout")


@case("/login/forgotten")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.FRONT_DESK)
    clinic.visitor()
    return clinic.by("visitor", "/login/forgotten", email=f"{name}@example.org")


@case("/password/<token>")
def _(clinic: StaffedClinic) -> Sent:
    email = f"invited{clinic.next_number()}@example.org"

    def invite() -> str:
        made = invite_account(
            email=email, name="Invited", roles=[Role.FRONT_DESK], actor=clinic.admin, now=NOW
        )
        link = session().scalars(sa.select(AccountLink).filter_by(account_id=made.id)).one()
        return token_of(link, clinic_id=clinic.clinic)

    path = f"/password/{clinic.do(invite)}"
    clinic.visitor()
    return clinic.form("visitor", path, new=NEW_PASSWORD, again=NEW_PASSWORD)


@case("/desk/account/password")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.FRONT_DESK)
    clinic.sign_in(name)
    fields = {"present": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    return clinic.form(name, "/desk/account", "/desk/account/password", **fields)


@case("/desk/account/sessions/end-others")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.FRONT_DESK)
    clinic.sign_in(name)
    clinic.sign_in(name)
    return clinic.by(name, "/desk/account/sessions/end-others")


@case("/desk/account/sessions/<session_id>/end")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.FRONT_DESK)
    clinic.sign_in(name)
    account_id = clinic.accounts[name]

    def other() -> str:
        from clinic.accounts.models import Account

        start_session(session().get_one(Account, account_id), address="203.0.113.9", now=NOW)
        own = sa.select(StaffSession.id).filter_by(account_id=account_id)
        return session().scalars(own.order_by(StaffSession.browser)).first()

    return clinic.by(name, f"/desk/account/sessions/{clinic.do(other)}/end")


# Accounts of the clinic


@case("/desk/accounts/new")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"name": "Marta", "email": f"marta{clinic.next_number()}@example.org"}
    page = "/desk/accounts/new"
    makes = {"account": 1, "account_link": 1}
    return clinic.form("admin", page, makes=makes, **fields, roles=["front_desk"])


def on_account(
    clinic: StaffedClinic, step: str, makes: dict[str, int] | None = None, **fields: Any
) -> Sent:
    at = f"/desk/accounts/{clinic.accounts[clinic.account(Role.FRONT_DESK)]}"
    return clinic.form("admin", at, f"{at}/{step}", makes, **fields)


@case("/desk/accounts/<account_id>/roles")
def _(clinic: StaffedClinic) -> Sent:
    return on_account(clinic, "roles", roles=["supervisor"])


@case("/desk/accounts/<account_id>/link")
def _(clinic: StaffedClinic) -> Sent:
    return on_account(clinic, "link", {"account_link": 12})


@case("/desk/accounts/<account_id>/end-sessions")
def _(clinic: StaffedClinic) -> Sent:
    account_id = clinic.accounts[clinic.account(Role.FRONT_DESK)]
    return clinic.by("admin", f"/desk/accounts/{account_id}/end-sessions")


@case("/desk/accounts/<account_id>/disable")
def _(clinic: StaffedClinic) -> Sent:
    return on_account(clinic, "disable")


@case("/desk/accounts/<account_id>/enable")
def _(clinic: StaffedClinic) -> Sent:
    account_id = clinic.accounts[clinic.account(Role.FRONT_DESK)]
    clinic.do(lambda: deactivate_account(account_id, actor=clinic.admin, now=NOW))
    return clinic.by("admin", f"/desk/accounts/{account_id}/enable")
