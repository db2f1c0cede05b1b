"""The whole access policy on one page: who may do what, and to what.

A permission is granted when any of its clauses holds for the actor and the subject. Whoever is
refused something that they may not even know of gets `NotFound`, everybody else `NotAllowed`.
Views declare one permission each (a route without one does not start); services ask again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clinic.foundation.errors import NotAllowed, SignInNeeded


class Role(StrEnum):
    """What a member of staff is. One account may have several."""

    ADMIN = "admin"
    THERAPIST = "therapist"
    SUPERVISOR = "supervisor"
    FRONT_DESK = "front_desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking: a member of staff, the holder of a link, a visitor, or the system itself."""

    clinic_id: str
    name: str = "visitor"
    """What the audit log calls them: `account:<id>`, `link:<id>`, `visitor`, `system:<what>`."""
    account_id: str | None = None
    roles: frozenset[Role] = frozenset()
    therapist_id: str | None = None
    appointment_id: str | None = None
    """The one appointment that the link held opens."""
    member_id: str | None = None
    is_system: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether they signed in as staff."""
        return bool(self.roles)


class Permission(StrEnum):
    """Everything that can be asked for."""

    BOOK = "book"
    SEE_OWN_APPOINTMENT = "see_own_appointment"
    CHANGE_OWN_APPOINTMENT = "change_own_appointment"
    SEE_DIARY = "see_diary"
    CHANGE_APPOINTMENT = "change_appointment"
    READ_CLIENT_WORDS = "read_client_words"
    SEE_OWN_DAY = "see_own_day"
    SEE_PRACTICE = "see_practice"
    EDIT_HOURS = "edit_hours"
    EDIT_PRACTICE = "edit_practice"
    SEE_DELIVERIES = "see_deliveries"
    REDELIVER = "redeliver"
    SEE_INTEGRATIONS = "see_integrations"
    MANAGE_INTEGRATIONS = "manage_integrations"
    MANAGE_FEEDS = "manage_feeds"
    MANAGE_CLINIC_FEEDS = "manage_clinic_feeds"
    MANAGE_OWN_FEEDS = "manage_own_feeds"
    MANAGE_ACCOUNTS = "manage_accounts"
    SEE_AUDIT = "see_audit"
    OWN_ACCOUNT = "own_account"
    OPEN_CHARTS = "open_charts"
    READ_CHART = "read_chart"
    WRITE_CHART = "write_chart"
    READ_SIGNED_NOTE = "read_signed_note"
    READ_DRAFT_NOTE = "read_draft_note"
    READ_RESTRICTED = "read_restricted"
    READ_EXERCISE_RUN = "read_exercise_run"
    COSIGN_NOTE = "cosign_note"
    WRITE_PROCESS_NOTE = "write_process_note"
    READ_PROCESS_NOTE = "read_process_note"
    WRITE_DISCLOSURE = "write_disclosure"
    READ_DISCLOSURE = "read_disclosure"
    BREAK_GLASS = "break_glass"
    EXPORT_RECORD = "export_record"
    SEE_CHART_ACCESS = "see_chart_access"


Clause = Callable[[Actor, Any], bool]


def anyone(_actor: Actor, _subject: Any) -> bool:
    """Visitors too."""
    return True


def has_role(*roles: Role) -> Clause:
    """Staff with one of these roles."""
    return lambda actor, _subject: bool(actor.roles.intersection(roles))


def is_staff(actor: Actor, _subject: Any) -> bool:
    """Any member of staff."""
    return actor.is_staff


def is_system(actor: Actor, _subject: Any) -> bool:
    """The product acting on its own."""
    return actor.is_system


def own_diary(actor: Actor, subject: Any) -> bool:
    """The therapist whose diary it is; without a subject, any therapist about their own."""
    if actor.therapist_id is None:
        return False
    return subject is None or getattr(subject, "therapist_id", subject) == actor.therapist_id


def leads_the_couple(actor: Actor, subject: Any) -> bool:
    """The lead therapist of the couple that the subject is or belongs to."""
    couple = getattr(subject, "couple", subject)
    lead = getattr(couple, "lead_therapist_id", None)
    return lead is not None and lead == actor.therapist_id


def supervises(actor: Actor, subject: Any) -> bool:
    """A supervisor of the clinic that the couple comes to."""
    couple = getattr(subject, "couple", subject)
    return Role.SUPERVISOR in actor.roles and getattr(couple, "clinic_id", "") == actor.clinic_id


def supervises_if_flagged(actor: Actor, subject: Any) -> bool:
    """A supervisor, of what was flagged for supervision."""
    return bool(getattr(subject, "flagged", False)) and supervises(actor, subject)


def supervises_another(actor: Actor, subject: Any) -> bool:
    """A supervisor, of what somebody else wrote."""
    return getattr(subject, "author", actor.name) != actor.name and supervises(actor, subject)


def wrote_it(actor: Actor, subject: Any) -> bool:
    """The author, and nobody else."""
    return actor.account_id is not None and getattr(subject, "author", None) == actor.name


def broke_the_glass(actor: Actor, subject: Any) -> bool:
    """Whoever opened this couple's joint chart in an emergency, while the hour lasts."""
    couple = getattr(subject, "couple", subject)
    return actor.is_staff and actor.name in getattr(couple, "opened_in_emergency_by", ())


def holds_the_link(actor: Actor, subject: Any) -> bool:
    """Whoever holds the link to this very appointment."""
    return actor.appointment_id is not None and actor.appointment_id == getattr(
        subject, "id", subject
    )


def is_that_partner(actor: Actor, subject: Any) -> bool:
    """The partner (a member of a couple) whose own it is."""
    return actor.member_id is not None and actor.member_id == getattr(subject, "member_id", subject)


admin = has_role(Role.ADMIN)
desk = has_role(Role.FRONT_DESK, Role.ADMIN)
clinical = has_role(Role.THERAPIST, Role.SUPERVISOR)

POLICY: dict[Permission, tuple[Clause, ...]] = {
    Permission.BOOK: (anyone,),
    Permission.SEE_OWN_APPOINTMENT: (holds_the_link,),
    Permission.CHANGE_OWN_APPOINTMENT: (holds_the_link,),
    Permission.SEE_DIARY: (desk, own_diary),
    Permission.CHANGE_APPOINTMENT: (desk, own_diary, is_system),
    Permission.READ_CLIENT_WORDS: (own_diary, leads_the_couple),
    Permission.SEE_OWN_DAY: (is_staff,),
    Permission.SEE_PRACTICE: (is_staff,),
    Permission.EDIT_HOURS: (desk, own_diary),
    Permission.EDIT_PRACTICE: (admin,),
    Permission.SEE_DELIVERIES: (desk,),
    Permission.REDELIVER: (desk,),
    Permission.SEE_INTEGRATIONS: (desk,),
    Permission.MANAGE_INTEGRATIONS: (admin,),
    Permission.MANAGE_FEEDS: (admin, own_diary),
    Permission.MANAGE_CLINIC_FEEDS: (desk,),
    Permission.MANAGE_OWN_FEEDS: (is_that_partner,),
    Permission.MANAGE_ACCOUNTS: (admin, is_system),
    Permission.SEE_AUDIT: (admin,),
    Permission.OWN_ACCOUNT: (is_staff,),
    Permission.OPEN_CHARTS: (clinical,),
    Permission.READ_CHART: (leads_the_couple, supervises, broke_the_glass, is_system),
    Permission.WRITE_CHART: (leads_the_couple,),
    Permission.READ_SIGNED_NOTE: (leads_the_couple, supervises, broke_the_glass, is_system),
    Permission.READ_DRAFT_NOTE: (leads_the_couple,),
    Permission.READ_RESTRICTED: (leads_the_couple, supervises, is_system),
    Permission.READ_EXERCISE_RUN: (leads_the_couple, supervises, is_system),
    Permission.COSIGN_NOTE: (supervises_another,),
    Permission.WRITE_PROCESS_NOTE: (leads_the_couple,),
    Permission.READ_PROCESS_NOTE: (wrote_it,),
    Permission.WRITE_DISCLOSURE: (leads_the_couple,),
    Permission.READ_DISCLOSURE: (leads_the_couple, supervises_if_flagged),
    Permission.BREAK_GLASS: (clinical,),
    Permission.EXPORT_RECORD: (is_system,),
    Permission.SEE_CHART_ACCESS: (leads_the_couple, admin),
}


def is_allowed(actor: Actor, permission: Permission, subject: Any = None) -> bool:
    """Whether any clause of the policy grants it."""
    return any(clause(actor, subject) for clause in POLICY[permission])


def require(actor: Actor, permission: Permission, subject: Any = None) -> None:
    """Raise unless it is granted: `SignInNeeded` for visitors, `NotAllowed` for others."""
    if is_allowed(actor, permission, subject):
        return
    raise NotAllowed if actor.is_staff or actor.appointment_id else SignInNeeded
