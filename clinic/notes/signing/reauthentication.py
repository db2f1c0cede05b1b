"""The password shown again, for the steps that ask for it: signing, adding, opening a chart."""

from __future__ import annotations

from datetime import datetime

from clinic.accounts.sign_in.credentials import CredentialsRefused, prove_password
from clinic.accounts.sign_in.sessions import renew_proof
from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import N_, InvalidInput, NotAllowed
from clinic.foundation.permissions.actors import Actor


def show_password(
    password: str,
    *,
    address: str | None,
    device: str | None = None,
    session_id: str,
    actor: Actor,
    now: datetime,
) -> datetime:
    """Check the actor's password and remember that it was shown; the instant of the proof.

    Raises `InvalidInput` (field `password`) and, after too many tries, `TooManyRequests`.
    """
    if actor.account_id is None:
        raise NotAllowed
    try:
        prove_password(
            actor.account_id,
            password=password,
            address=address,
            device=device,
            clinic_id=actor.clinic_id,
            now=now,
        )
    except CredentialsRefused:
        said = N_("This is not your password. The note is as it was.")
        raise InvalidInput({"password": [said]}) from None
    with transaction() as current:
        renew_proof(current, session_id, now=now)
    return now
