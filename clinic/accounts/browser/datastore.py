"""How Flask-Security finds and keeps accounts: by blind index, in our own transactions."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_security.datastore import SQLAlchemyUserDatastore
from sqlalchemy import select

from clinic.accounts.models import Account, Passkey
from clinic.accounts.sign_in.credentials import email_index
from clinic.extensions import db
from clinic.foundation.database.transactions import session


class AccountDatastore(SQLAlchemyUserDatastore):  # type: ignore[misc]
    """Accounts and passkeys; roles are `Account.role_names`, so there is no role model."""

    def __init__(self) -> None:
        super().__init__(db, Account, None, webauthn_model=Passkey)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Account | None:  # noqa: FBT001, FBT002 - the library's signature
        """One account by `email` (through its index), `fs_uniquifier`, `id` or another column."""
        del case_insensitive  # the index is made from the case-folded address
        attribute, value = kwargs.popitem()
        if attribute == "email":
            clinic_id = g.get("clinic_id")
            if clinic_id is None:
                return None
            attribute, value = "email_index", email_index(clinic_id, value)
        column = getattr(Account, attribute)
        return session().scalar(select(Account).where(column == value))

    def find_role(self, role: str) -> None:
        """Return None: roles are no rows, see `foundation/permissions/who_may_do_what.py`."""
        del role

    def commit(self) -> None:
        """Flush into our running transaction; the library never commits on its own.

        A view of the library that writes is bound inside `with transaction():`. Anything left
        pending outside of one is a mistake in that binding, and is said so instead of stored.
        """
        current = session()
        if current.info.get("writing"):
            current.flush()
        elif current.new or current.dirty or current.deleted:
            raise RuntimeError("Flask-Security changed something outside a transaction")
