"""What roles are called on pages."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _

from clinic.foundation.permissions.actors import Role


def role_labels() -> dict[Role, str]:
    """Every role, in the order in which people are asked about it."""
    return {
        Role.ADMIN: _("Administration"),
        Role.THERAPIST: _("Therapist"),
        Role.SUPERVISOR: _("Supervisor"),
        Role.FRONT_DESK: _("Front desk"),
    }


def role_hints() -> dict[str, str]:
    """What each role may do, in a sentence."""
    return {
        Role.ADMIN: _("Accounts, the practice's settings and integrations. No notes."),
        Role.THERAPIST: _("Their own diary, and the charts of couples whom they lead."),
        Role.SUPERVISOR: _("Reads signed notes of the clinic's couples and countersigns them."),
        Role.FRONT_DESK: _("Everybody's diary and requests. No notes."),
    }


def names_of(roles: Collection[str]) -> list[str]:
    """The names of these roles."""
    return [name for role, name in role_labels().items() if role in roles]
