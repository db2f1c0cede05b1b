"""Who runs commands, as the access policy and the audit log see it."""

from __future__ import annotations

from clinic.foundation.permissions.actors import Actor
from clinic.practice.clinic.clinics import the_clinic


def operator() -> Actor:
    """Return the actor `system:command`: whoever may run commands on the server."""
    return Actor(clinic_id=the_clinic().id, name="system:command", is_system=True)
