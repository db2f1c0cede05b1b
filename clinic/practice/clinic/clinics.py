"""Opening a clinic, and finding the one that a request is for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from clinic.foundation import audit
from clinic.foundation.crypto.data_keys import KeyPurpose, create_keys
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import NotFound
from clinic.practice.models import Clinic

CLINIC_KEYS = (KeyPurpose.RECORD, KeyPurpose.INDEX, KeyPurpose.LINKS, KeyPurpose.AUDIT)


def open_clinic(
    *,
    slug: str,
    name: str,
    short_name: str,
    time_zone: str,
    email: str,
    language: str = "en",
    is_demo: bool = False,
    now: datetime,
) -> Clinic:
    """Create a clinic and the data keys that seal what is its own."""
    with transaction() as current:
        clinic = Clinic(
            id=new_id(),
            slug=slug,
            name=name,
            short_name=short_name,
            time_zone=time_zone,
            email=email,
            language=language,
            is_demo=is_demo,
            created_at=now,
        )
        current.add(clinic)
        current.flush()
        create_keys(current, owner=clinic.id, purposes=CLINIC_KEYS)
        audit.begin_log(current, clinic.id)
    return clinic


def the_clinic() -> Clinic:
    """The clinic of this installation: the first one opened. Raises `NotFound` when none is."""
    clinic = session().scalars(select(Clinic).order_by(Clinic.created_at).limit(1)).first()
    if clinic is None:
        raise NotFound("No clinic has been set up here yet.")
    return clinic


def holds_made_up_clinic() -> bool:
    """Whether any clinic here was made by `flask demo` or `flask generate`."""
    made_up = select(Clinic.id).where(Clinic.is_demo.is_(True)).limit(1)
    return session().scalar(made_up) is not None
