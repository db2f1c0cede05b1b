"""The table of who sees what (domain 2.7, 2.10.4): thirteen rows, seven columns.

Each row asks for a handful of things by name; a cell lists those that this reader is given, and so
refuses the others. Where a room stands its own objects are asked about; where it is still to come,
objects of the shape that the policy asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from clinic.booking.appointments.models import Appointment
from clinic.booking.appointments.named_partners import BookedSession
from clinic.couples.models import Couple
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.record.open_record import Chart, Written

P = Permission
ANA, RUI = "member-a", "member-b"
INES, DANIEL = "therapist-ines", "therapist-daniel"

CHART = Chart(
    couple_id="couple-1",
    code="C-0001",
    clinic_id="clinic",
    status="active",
    lead_therapist_id=INES,
    zone="Europe/Lisbon",
    began_on=date(2026, 3, 3),
    members=("A", "B"),
    names={"A": "Ana", "B": "Rui"},
)


@dataclass(frozen=True)
class Household:
    """The couple as a release asks for it: with whoever has to sign."""

    id: str = "couple-1"
    clinic_id: str = "clinic"
    lead_therapist_id: str = INES
    member_ids: tuple[str, ...] = (ANA, RUI)


@dataclass(frozen=True)
class Thing:
    """Something of the couple's: whose own, how shared, who signed for it."""

    couple: object = CHART
    member_id: str | None = None
    visibility: str = "joint"
    published: bool = False
    flagged: bool = False
    payer_id: str | None = None
    author: str = ""
    authorised_by: frozenset[str] = field(default_factory=frozenset)


def an_appointment():
    couple = Couple(id="couple-1", clinic_id="clinic", code="C-0001", lead_therapist_id=INES)
    row = Appointment(id="appointment", clinic_id="clinic", therapist_id=INES, couple=couple)
    row.named = (ANA, RUI)
    return row


def staff(name, role, therapist_id=None):
    return Actor(
        clinic_id="clinic",
        name=f"account:{name}",
        account_id=name,
        roles=frozenset({role}),
        therapist_id=therapist_id,
    )


def partner(member_id, couple_id="couple-1"):
    return Actor(
        clinic_id="clinic", name=f"member:{member_id}", member_id=member_id, couple_id=couple_id
    )


COLUMNS = {
    "Partner A": partner(ANA),
    "Partner B": partner(RUI),
    "Lead therapist": staff("ines", Role.THERAPIST, INES),
    "Supervisor": staff("supervisor", Role.SUPERVISOR),
    "Other therapist": staff("daniel", Role.THERAPIST, DANIEL),
    "Front desk": staff("desk", Role.FRONT_DESK),
    "Admin": staff("admin", Role.ADMIN),
}

NOTE = Written(CHART, author="account:ines")
BY_DANIEL = Written(CHART, author="account:daniel")
OWN_SESSION = Written(CHART, "account:ines", held_by=INES, is_individual=True, is_signed=True)
APART = Written(CHART, "account:daniel", held_by=DANIEL, is_individual=True, is_signed=True)
BOOKED_APART = BookedSession(
    couple=an_appointment().couple,
    clinic_id="clinic",
    therapist_id=DANIEL,
    named=frozenset({ANA}),
    is_individual=True,
)
RELEASED = Thing(Household(), author="account:ines", authorised_by=frozenset({ANA, RUI}))
HALF_RELEASED = replace(RELEASED, authorised_by=frozenset({ANA}))
OF_ANA, OF_RUI = Thing(member_id=ANA), Thing(member_id=RUI)
TOLD = Written(CHART, author="account:ines")
FLAGGED = replace(TOLD, flagged=True)
SHARED, HIDDEN = Thing(published=True), Thing(published=True, visibility="restricted")

ROWS = {
    "Appointment time, format": {
        "read": [(P.SEE_OWN_APPOINTMENT, an_appointment()), (P.SEE_DIARY, an_appointment())],
        "busy": [(P.SEE_BUSY_TIMES, INES)],
        "write": [(P.CHANGE_APPOINTMENT, an_appointment())],
        "read words": [(P.READ_CLIENT_WORDS, an_appointment())],
    },
    "Own check-in, ratings, measures": {
        "write A's": [(P.WRITE_ANSWERS, OF_ANA)],
        "write B's": [(P.WRITE_ANSWERS, OF_RUI)],
        "read A's": [(P.READ_ANSWERS, OF_ANA)],
        "read B's": [(P.READ_ANSWERS, OF_RUI)],
    },
    "Joint session note (signed)": {
        "write": [(P.WRITE_CHART, CHART)],
        "read": [(P.READ_SIGNED_NOTE, NOTE)],
        "cosign": [(P.COSIGN_NOTE, NOTE)],
        "read when both authorised": [(P.READ_SIGNED_NOTE, RELEASED)],
        "read when A authorised": [(P.READ_SIGNED_NOTE, HALF_RELEASED)],
        "ask for it": [(P.ASK_FOR_RELEASE, CHART)],
        "authorise as A": [(P.AUTHORISE_RELEASE, OF_ANA)],
        "authorise as B": [(P.AUTHORISE_RELEASE, OF_RUI)],
        "read draft": [(P.READ_DRAFT_NOTE, CHART)],
    },
    "Individual session of the lead's (signed note)": {
        "write": [(P.WRITE_NOTE, OWN_SESSION)],
        "read": [(P.READ_SIGNED_NOTE, OWN_SESSION)],
        "cosign": [(P.COSIGN_NOTE, OWN_SESSION)],
    },
    "Individual session held by another (signed note)": {
        "write": [(P.WRITE_NOTE, APART)],
        "read": [(P.READ_SIGNED_NOTE, APART)],
        "read draft": [(P.READ_DRAFT_NOTE, replace(APART, is_signed=False))],
        "read as restricted": [(P.READ_RESTRICTED, APART)],
        "cosign": [(P.COSIGN_NOTE, APART)],
        "read words of the booking": [(P.READ_CLIENT_WORDS, BOOKED_APART)],
    },
    "Process note": {
        "write": [(P.WRITE_PROCESS_NOTE, CHART)],
        "read": [(P.READ_PROCESS_NOTE, NOTE)],
        "read one that another wrote": [(P.READ_PROCESS_NOTE, BY_DANIEL)],
    },
    "Individual disclosure": {
        "write": [(P.WRITE_DISCLOSURE, CHART)],
        "read": [(P.READ_DISCLOSURE, TOLD)],
        "read flagged": [(P.READ_DISCLOSURE, FLAGGED)],
        "read A's": [(P.READ_DISCLOSURE, OF_ANA)],
        "read B's": [(P.READ_DISCLOSURE, OF_RUI)],
    },
    "Risk screen": {
        "answer A's": [(P.WRITE_RISK_ANSWERS, OF_ANA)],
        "answer B's": [(P.WRITE_RISK_ANSWERS, OF_RUI)],
        "read A's": [(P.READ_RISK_ANSWERS, OF_ANA)],
        "read B's": [(P.READ_RISK_ANSWERS, OF_RUI)],
        "read A's flagged": [(P.READ_RISK_ANSWERS, replace(OF_ANA, flagged=True))],
        "read result": [(P.READ_RISK_RESULT, OF_ANA)],
        "read result flagged": [(P.READ_RISK_RESULT, replace(OF_ANA, flagged=True))],
    },
    "Rupture ledger, joint": {
        "write": [(P.WRITE_CHART, CHART)],
        "read": [(P.READ_CHART, CHART)],
        "publish": [(P.PUBLISH_LEDGER, CHART)],
        "read summary": [(P.READ_SHARED_LEDGER, Thing())],
        "read published summary": [(P.READ_SHARED_LEDGER, SHARED)],
    },
    "Rupture ledger, restricted": {
        "write": [(P.WRITE_CHART, CHART)],
        "read": [(P.READ_RESTRICTED, CHART)],
        "read published summary": [(P.READ_SHARED_LEDGER, HIDDEN)],
    },
    "Exercise run": {
        "write A's trace": [(P.WRITE_EXERCISE_RUN, OF_ANA)],
        "write B's trace": [(P.WRITE_EXERCISE_RUN, OF_RUI)],
        "read A's trace": [(P.READ_EXERCISE_TRACE, OF_ANA)],
        "read B's trace": [(P.READ_EXERCISE_TRACE, OF_RUI)],
        "read end": [(P.READ_EXERCISE_END, Thing())],
    },
    "Invoice": {
        "write": [(P.WRITE_INVOICE, Thing(payer_id=ANA))],
        "read A's": [(P.READ_INVOICE, Thing(payer_id=ANA))],
        "read B's": [(P.READ_INVOICE, Thing(payer_id=RUI))],
    },
    "Audit log": {
        "own accesses, A": [(P.SEE_OWN_ACCESSES, OF_ANA)],
        "own accesses, B": [(P.SEE_OWN_ACCESSES, OF_RUI)],
        "of the couple": [(P.SEE_CHART_ACCESS, CHART)],
        "whole": [(P.SEE_AUDIT, None)],
    },
}
"""Each row of the table: what can be asked for, and the permissions of which one is enough."""

NOTHING = frozenset[str]()
TABLE = {
    "Appointment time, format": {
        "Partner A": {"read"},
        "Partner B": {"read"},
        "Lead therapist": {"read", "busy", "write", "read words"},
        "Supervisor": {"read", "busy"},
        "Other therapist": {"busy"},
        "Front desk": {"read", "busy", "write"},
        "Admin": {"read", "busy"},
    },
    "Own check-in, ratings, measures": {
        "Partner A": {"write A's", "read A's"},
        "Partner B": {"write B's", "read B's"},
        "Lead therapist": {"read A's", "read B's"},
        "Supervisor": {"read A's", "read B's"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Joint session note (signed)": {
        "Partner A": {"ask for it", "authorise as A", "read when both authorised"},
        "Partner B": {"ask for it", "authorise as B", "read when both authorised"},
        "Lead therapist": {
            "write",
            "read",
            "read when both authorised",
            "read when A authorised",
            "read draft",
        },
        "Supervisor": {"read", "cosign", "read when both authorised", "read when A authorised"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Individual session of the lead's (signed note)": {
        "Partner A": NOTHING,
        "Partner B": NOTHING,
        "Lead therapist": {"write", "read"},
        "Supervisor": {"read", "cosign"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Individual session held by another (signed note)": {
        "Partner A": NOTHING,
        "Partner B": NOTHING,
        "Lead therapist": NOTHING,
        "Supervisor": {"read", "read as restricted", "cosign"},
        "Other therapist": {
            "write",
            "read",
            "read draft",
            "read as restricted",
            "read words of the booking",
        },
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Process note": {
        "Partner A": NOTHING,
        "Partner B": NOTHING,
        "Lead therapist": {"write", "read"},
        "Supervisor": NOTHING,
        "Other therapist": {"read one that another wrote"},
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Individual disclosure": {
        "Partner A": NOTHING,
        "Partner B": NOTHING,
        "Lead therapist": {"write", "read", "read flagged", "read A's", "read B's"},
        "Supervisor": {"read flagged"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Risk screen": {
        "Partner A": {"answer A's", "read A's", "read A's flagged"},
        "Partner B": {"answer B's", "read B's"},
        "Lead therapist": {
            "answer A's",
            "answer B's",
            "read A's",
            "read B's",
            "read A's flagged",
            "read result",
            "read result flagged",
        },
        "Supervisor": {"read A's flagged", "read result flagged"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Rupture ledger, joint": {
        "Partner A": {"read published summary"},
        "Partner B": {"read published summary"},
        "Lead therapist": {"write", "read", "publish", "read summary", "read published summary"},
        "Supervisor": {"read", "read summary", "read published summary"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Rupture ledger, restricted": {
        "Partner A": NOTHING,
        "Partner B": NOTHING,
        "Lead therapist": {"write", "read", "read published summary"},
        "Supervisor": {"read", "read published summary"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Exercise run": {
        "Partner A": {"write A's trace", "read A's trace", "read end"},
        "Partner B": {"write B's trace", "read B's trace", "read end"},
        "Lead therapist": {"read A's trace", "read B's trace", "read end"},
        "Supervisor": {"read A's trace", "read B's trace", "read end"},
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": NOTHING,
    },
    "Invoice": {
        "Partner A": {"read A's"},
        "Partner B": {"read B's"},
        "Lead therapist": {"read A's", "read B's"},
        "Supervisor": NOTHING,
        "Other therapist": NOTHING,
        "Front desk": {"write", "read A's", "read B's"},
        "Admin": {"read A's", "read B's"},
    },
    "Audit log": {
        "Partner A": {"own accesses, A"},
        "Partner B": {"own accesses, B"},
        "Lead therapist": {"of the couple"},
        "Supervisor": NOTHING,
        "Other therapist": NOTHING,
        "Front desk": NOTHING,
        "Admin": {"of the couple", "whole"},
    },
}
