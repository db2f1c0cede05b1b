"""The conditions that the access policy is made of: "leads this couple", "wrote it", "held it".

Each takes the actor who asks and the subject that it is about (any object with the attributes that
the condition reads) and returns whether it holds; its docstring says for whom it does. What each
grants or denies is said in `who_may_do_what.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clinic.foundation.permissions.actors import Actor, Role

Condition = Callable[[Actor, Any], bool]


def anyone(_actor: Actor, _subject: Any) -> bool:
    """Visitors too."""
    return True


def has_role(*roles: Role) -> Condition:
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
