"""What the tests of made-up data share: rows counted, and the therapist who leads the couples."""

from __future__ import annotations

from sqlalchemy import func, select

from clinic.accounts.models import Account
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role


def count(what):
    return session().scalar(select(func.count()).select_from(what))


def lead():
    account = session().scalars(select(Account).where(Account.therapist_id.is_not(None))).one()
    return Actor(
        clinic_id=account.clinic_id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=account.therapist_id,
    )
