"""Decide who may do what, and to what: the whole access policy on one page.

Who may read a process note, open a chart or see the diary is the row of that permission in
`POLICY`. A permission is granted when any condition of its row holds for the actor and the subject
and none of `DENIED` does: to deny wins. The holder of a link may do what is in `LINK_MAY` and
nothing else. What each condition asks is in `conditions.py`.

Views declare one permission each (a route without one does not start); services ask again with the
row at hand, and answer `NotFound` where the actor may not even know of it. What partners may do by
themselves, and invoices, are in the table before the pages that will ask for them.
"""

from __future__ import annotations

from typing import Any

from clinic.foundation.errors import NotAllowed, SignInNeeded
from clinic.foundation.permissions.actors import Actor, LinkChannel, Role
from clinic.foundation.permissions.conditions import (
    Condition,
    anyone,
    both_authorised,
    broke_the_glass,
    has_role,
    held_it,
    held_or_wrote_it_alone,
    holds_the_link,
    is_hidden_from_partners,
    is_of_separate_session,
    is_staff,
    is_system,
    is_that_partner,
    leads_the_couple,
    named_in_it,
    of_another_clinic,
    of_the_other_partner,
    one_of_them,
    own_diary,
    own_only,
    pays_it,
    published_to_them,
    supervises,
    supervises_another,
    supervises_if_flagged,
    wrote_it,
)
from clinic.foundation.permissions.permission_names import Permission

admin = has_role(Role.ADMIN)
front_desk = has_role(Role.FRONT_DESK)
desk = has_role(Role.FRONT_DESK, Role.ADMIN)
supervisor = has_role(Role.SUPERVISOR)
clinical = has_role(Role.THERAPIST, Role.SUPERVISOR)

DENIED: tuple[Condition, ...] = (
    of_another_clinic,
    of_the_other_partner,
    is_hidden_from_partners,
    is_of_separate_session,
)
"""Where one of these holds nothing is granted, whatever `POLICY` says."""

POLICY: dict[Permission, tuple[Condition, ...]] = {
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
    """Whether any condition of the policy grants it and nothing denies it."""
    if actor.link is not None and permission not in LINK_MAY[actor.link]:
        return False
    granted = any(condition(actor, subject) for condition in POLICY[permission])
    return granted and not any(condition(actor, subject) for condition in DENIED)


def require(actor: Actor, permission: Permission, subject: Any = None) -> None:
    """Raise unless it is granted: `SignInNeeded` for visitors, `NotAllowed` for others."""
    if is_allowed(actor, permission, subject):
        return
    is_known = actor.is_staff or actor.appointment_id or actor.couple_id
    raise NotAllowed if is_known else SignInNeeded
