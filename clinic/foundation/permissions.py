"""The whole access policy on one page: who may do what, and to what.

A permission is granted when any of its clauses in `POLICY` holds for the actor and the subject
and none of `DENIED` does: to deny wins. Whoever is refused something that they may not even know
of gets `NotFound`, everybody else `NotAllowed`. Views declare one permission each (a route without
one does not start); services ask again.

What partners may do by themselves, and invoices, stand here before the rooms that will ask for
them: those rooms add no rule of their own.
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


class LinkChannel(StrEnum):
    """How a link to an appointment reached whoever holds it."""

    MAILED = "mailed"
    """Sent to a partner's address: its holder reads that mailbox, and acts as that partner."""
    SHOWN = "shown"
    """Shown to whoever booked: its holder knew the address, which anybody may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking: a member of staff, the holder of a link, a visitor, or the system itself."""

    clinic_id: str
    name: str = "visitor"
    """What the audit log calls them: `account:<id>`, `link:<member>` (mailed), `shown:<link>`,
    `visitor`, `system:<what>`."""
    account_id: str | None = None
    roles: frozenset[Role] = frozenset()
    therapist_id: str | None = None
    appointment_id: str | None = None
    """The one appointment that the link held opens."""
    link: LinkChannel | None = None
    """How that link reached them; it bounds what they may do (`LINK_MAY`)."""
    member_id: str | None = None
    """Which partner of a couple they are: by the link mailed to them, or signed in."""
    couple_id: str | None = None
    """The couple of a partner who signed in for themselves. A link never sets it: what a mail can
    be forwarded with opens an appointment and nothing of a record."""
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
    SEE_BUSY_TIMES = "see_busy_times"
    CHANGE_APPOINTMENT = "change_appointment"
    READ_CLIENT_WORDS = "read_client_words"
    SEE_OWN_DAY = "see_own_day"
    SEE_PRACTICE = "see_practice"
    EDIT_HOURS = "edit_hours"
    EDIT_PRACTICE = "edit_practice"
    MANAGE_INSTRUMENTS = "manage_instruments"
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
    WRITE_NOTE = "write_note"
    READ_SIGNED_NOTE = "read_signed_note"
    READ_DRAFT_NOTE = "read_draft_note"
    READ_RESTRICTED = "read_restricted"
    READ_EXERCISE_RUN = "read_exercise_run"
    READ_MEASURE = "read_measure"
    COSIGN_NOTE = "cosign_note"
    WRITE_PROCESS_NOTE = "write_process_note"
    READ_PROCESS_NOTE = "read_process_note"
    WRITE_DISCLOSURE = "write_disclosure"
    READ_DISCLOSURE = "read_disclosure"
    BREAK_GLASS = "break_glass"
    EXPORT_RECORD = "export_record"
    SEE_CHART_ACCESS = "see_chart_access"
    SEE_OWN_ACCESSES = "see_own_accesses"
    WRITE_ANSWERS = "write_answers"
    READ_ANSWERS = "read_answers"
    WRITE_RISK_ANSWERS = "write_risk_answers"
    READ_RISK_ANSWERS = "read_risk_answers"
    READ_RISK_RESULT = "read_risk_result"
    ASK_FOR_RELEASE = "ask_for_release"
    AUTHORISE_RELEASE = "authorise_release"
    PUBLISH_LEDGER = "publish_ledger"
    READ_SHARED_LEDGER = "read_shared_ledger"
    WRITE_EXERCISE_RUN = "write_exercise_run"
    READ_EXERCISE_TRACE = "read_exercise_trace"
    READ_EXERCISE_END = "read_exercise_end"
    WRITE_INVOICE = "write_invoice"
    READ_INVOICE = "read_invoice"


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


def couple_of(subject: Any) -> Any:
    """The couple that the subject is or belongs to."""
    return getattr(subject, "couple", subject)


def leads_the_couple(actor: Actor, subject: Any) -> bool:
    """The lead therapist of the couple that the subject is or belongs to."""
    lead = getattr(couple_of(subject), "lead_therapist_id", None)
    return lead is not None and lead == actor.therapist_id


def held_it(actor: Actor, subject: Any) -> bool:
    """The therapist who held the session that the subject is, or is the note of."""
    held_by = getattr(subject, "held_by", None)
    return held_by is not None and held_by == actor.therapist_id


def held_or_wrote_it_alone(actor: Actor, subject: Any) -> bool:
    """The therapist who held it, of what one partner alone told them or what they wrote."""
    is_theirs = getattr(subject, "is_individual", False) or wrote_it(actor, subject)
    return held_it(actor, subject) and is_theirs


def supervises(actor: Actor, subject: Any) -> bool:
    """A supervisor of the clinic that the couple comes to."""
    clinic_id = getattr(couple_of(subject), "clinic_id", "")
    return Role.SUPERVISOR in actor.roles and clinic_id == actor.clinic_id


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
    readers = getattr(couple_of(subject), "opened_in_emergency_by", ())
    return actor.is_staff and actor.name in readers


def holds_the_link(actor: Actor, subject: Any) -> bool:
    """Whoever holds the link to this very appointment."""
    return actor.appointment_id is not None and actor.appointment_id == getattr(
        subject, "id", subject
    )


def is_that_partner(actor: Actor, subject: Any) -> bool:
    """The partner (a member of a couple) whose own it is."""
    return actor.member_id is not None and actor.member_id == getattr(subject, "member_id", subject)


def one_of_them(actor: Actor, subject: Any) -> bool:
    """A partner who signed in, of the couple that the subject is or belongs to."""
    couple = couple_of(subject)
    couple_id = getattr(couple, "couple_id", getattr(couple, "id", None))
    is_signed_in = actor.member_id is not None and actor.couple_id is not None
    return is_signed_in and actor.appointment_id is None and actor.couple_id == couple_id


def own_only(actor: Actor, subject: Any) -> bool:
    """A partner who signed in, of what they themselves wrote."""
    return one_of_them(actor, subject) and is_that_partner(actor, subject)


def named_in_it(actor: Actor, subject: Any) -> bool:
    """A partner who signed in and is named in the appointment; the other hears nothing of it."""
    return one_of_them(actor, subject) and actor.member_id in getattr(subject, "named", ())


def pays_it(actor: Actor, subject: Any) -> bool:
    """The partner to whom the invoice is made out."""
    payer = getattr(subject, "payer_id", None)
    return one_of_them(actor, subject) and payer == actor.member_id


def both_authorised(actor: Actor, subject: Any) -> bool:
    """A partner, of what every partner of the couple has signed to be released."""
    signed = frozenset(getattr(subject, "authorised_by", ()))
    members = frozenset(getattr(couple_of(subject), "member_ids", ()))
    return one_of_them(actor, subject) and bool(members) and members <= signed


def published_to_them(actor: Actor, subject: Any) -> bool:
    """A partner, of what the therapist has shared with both."""
    return one_of_them(actor, subject) and getattr(subject, "published", False) is True


def of_another_clinic(actor: Actor, subject: Any) -> bool:
    """The subject, or its couple, is another clinic's."""
    known = {getattr(one, "clinic_id", None) for one in (subject, couple_of(subject))}
    return bool(known - {None, actor.clinic_id})


def of_the_other_partner(actor: Actor, subject: Any) -> bool:
    """The actor is a partner and it is the other's own."""
    whose = getattr(subject, "member_id", None)
    return None not in {actor.member_id, whose} and actor.member_id != whose


def is_hidden_from_partners(actor: Actor, subject: Any) -> bool:
    """The actor is a partner and it is restricted: they do not learn that it exists."""
    is_restricted = getattr(subject, "visibility", "joint") != "joint"
    return actor.member_id is not None and is_restricted


def is_of_separate_session(actor: Actor, subject: Any) -> bool:
    """The actor leads the couple, and another therapist held this session with one partner alone.

    What the actor signed about it themselves before this was so stays open to them.
    """
    is_individual = getattr(subject, "is_individual", False)
    is_apart = is_individual and leads_the_couple(actor, subject) and not held_it(actor, subject)
    return is_apart and not (getattr(subject, "is_signed", False) and wrote_it(actor, subject))


admin = has_role(Role.ADMIN)
front_desk = has_role(Role.FRONT_DESK)
desk = has_role(Role.FRONT_DESK, Role.ADMIN)
supervisor = has_role(Role.SUPERVISOR)
clinical = has_role(Role.THERAPIST, Role.SUPERVISOR)

DENIED: tuple[Clause, ...] = (
    of_another_clinic,
    of_the_other_partner,
    is_hidden_from_partners,
    is_of_separate_session,
)
"""Where one of these holds nothing is granted, whatever `POLICY` says."""

POLICY: dict[Permission, tuple[Clause, ...]] = {
    Permission.BOOK: (anyone,),
    Permission.SEE_OWN_APPOINTMENT: (holds_the_link, named_in_it),
    Permission.CHANGE_OWN_APPOINTMENT: (holds_the_link,),
    Permission.SEE_DIARY: (desk, own_diary, supervisor),
    Permission.SEE_BUSY_TIMES: (is_staff,),
    Permission.CHANGE_APPOINTMENT: (front_desk, own_diary, is_system),
    Permission.READ_CLIENT_WORDS: (own_diary, leads_the_couple),
    Permission.SEE_OWN_DAY: (is_staff,),
    Permission.SEE_PRACTICE: (is_staff,),
    Permission.EDIT_HOURS: (desk, own_diary),
    Permission.EDIT_PRACTICE: (admin,),
    Permission.MANAGE_INSTRUMENTS: (admin, is_system),
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
    Permission.WRITE_NOTE: (leads_the_couple, held_it),
    Permission.READ_SIGNED_NOTE: (
        leads_the_couple,
        held_it,
        supervises,
        broke_the_glass,
        both_authorised,
        is_system,
    ),
    Permission.READ_DRAFT_NOTE: (leads_the_couple, held_it),
    Permission.READ_RESTRICTED: (leads_the_couple, held_or_wrote_it_alone, supervises, is_system),
    Permission.READ_EXERCISE_RUN: (leads_the_couple, supervises, is_system),
    Permission.READ_MEASURE: (leads_the_couple, supervises, is_system),
    Permission.COSIGN_NOTE: (supervises_another,),
    Permission.WRITE_PROCESS_NOTE: (leads_the_couple,),
    Permission.READ_PROCESS_NOTE: (wrote_it,),
    Permission.WRITE_DISCLOSURE: (leads_the_couple,),
    Permission.READ_DISCLOSURE: (leads_the_couple, supervises_if_flagged),
    Permission.BREAK_GLASS: (clinical,),
    Permission.EXPORT_RECORD: (is_system,),
    Permission.SEE_CHART_ACCESS: (leads_the_couple, admin),
    Permission.SEE_OWN_ACCESSES: (own_only,),
    Permission.WRITE_ANSWERS: (own_only,),
    Permission.READ_ANSWERS: (own_only, leads_the_couple, supervises),
    Permission.WRITE_RISK_ANSWERS: (own_only, leads_the_couple),
    Permission.READ_RISK_ANSWERS: (own_only, leads_the_couple, supervises_if_flagged),
    Permission.READ_RISK_RESULT: (leads_the_couple, supervises_if_flagged),
    Permission.ASK_FOR_RELEASE: (one_of_them,),
    Permission.AUTHORISE_RELEASE: (own_only,),
    Permission.PUBLISH_LEDGER: (leads_the_couple,),
    Permission.READ_SHARED_LEDGER: (published_to_them, leads_the_couple, supervises),
    Permission.WRITE_EXERCISE_RUN: (own_only,),
    Permission.READ_EXERCISE_TRACE: (own_only, leads_the_couple, supervises),
    Permission.READ_EXERCISE_END: (one_of_them, leads_the_couple, supervises),
    Permission.WRITE_INVOICE: (front_desk,),
    Permission.READ_INVOICE: (pays_it, leads_the_couple, desk),
}


LINK_MAY: dict[LinkChannel, frozenset[Permission]] = {
    LinkChannel.SHOWN: frozenset(
        {Permission.SEE_OWN_APPOINTMENT, Permission.CHANGE_OWN_APPOINTMENT}
    ),
    LinkChannel.MAILED: frozenset(
        {
            Permission.SEE_OWN_APPOINTMENT,
            Permission.CHANGE_OWN_APPOINTMENT,
            Permission.MANAGE_OWN_FEEDS,
        }
    ),
}
"""All that a link can be used for, by its channel, whatever `POLICY` grants beside it.

Booking with a client's address proves nothing about who books. So what is shown after booking opens
that one appointment, and whatever rests on being the partner needs the link that was mailed.
"""


def is_allowed(actor: Actor, permission: Permission, subject: Any = None) -> bool:
    """Whether any clause of the policy grants it and nothing denies it."""
    if actor.link is not None and permission not in LINK_MAY[actor.link]:
        return False
    granted = any(clause(actor, subject) for clause in POLICY[permission])
    return granted and not any(clause(actor, subject) for clause in DENIED)


def require(actor: Actor, permission: Permission, subject: Any = None) -> None:
    """Raise unless it is granted: `SignInNeeded` for visitors, `NotAllowed` for others."""
    if is_allowed(actor, permission, subject):
        return
    is_known = actor.is_staff or actor.appointment_id or actor.couple_id
    raise NotAllowed if is_known else SignInNeeded
