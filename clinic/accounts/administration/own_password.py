"""Change one's own password, which ends all other sessions."""

from __future__ import annotations

from datetime import datetime

from clinic.accounts.administration.service import locked_account, record_change
from clinic.accounts.passwords.mail_kinds import notify_password_changed
from clinic.accounts.passwords.new_passwords import about, check_password
from clinic.accounts.rules.password_hashing import hash_password
from clinic.accounts.sign_in.credentials import (
    CredentialsRefused,
    prove_password,
)
from clinic.accounts.sign_in.revoke import cut_off
from clinic.accounts.sign_in.sessions import renew_proof
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import N_, InvalidInput, NotAllowed
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require


class WrongPassword(InvalidInput):
    """The present password does not fit."""

    code = "wrong-password"

    def __init__(self) -> None:
        super().__init__({"current": [N_("This is not your present password.")]})


def change_own_password(
    *,
    present: str,
    new: str,
    address: str | None,
    device: str | None = None,
    session_id: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Change the actor's password and end their other sessions.

    Raises `WrongPassword`, `WeakPassword` (field `new`) or `TooManyRequests`.
    """
    require(actor, Permission.OWN_ACCOUNT)
    if actor.account_id is None:
        raise NotAllowed
    try:
        account = prove_password(
            actor.account_id,
            password=present,
            address=address,
            device=device,
            clinic_id=actor.clinic_id,
            now=now,
        )
    except CredentialsRefused:
        raise WrongPassword from None
    check_password(new, about=about(account), field="new")
    kept = hash_password(new)
    with transaction() as current:
        row = locked_account(current, actor.account_id, clinic_id=actor.clinic_id)
        row.password, row.update_datetime = kept, now
        cut_off(current, row, except_session_id=session_id, now=now)
        renew_proof(current, session_id, now=now)
        notify_password_changed(current, row, now=now)
        record_change(current, "account.password_changed", row, actor=actor, now=now)
