"""Each condition of the access policy by itself: for whom it holds, and for whom it does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from clinic.foundation.permissions import conditions
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.conditions import has_role, own_diary

pytestmark = pytest.mark.one_database

COUPLE = SimpleNamespace(
    id="couple-1",
    clinic_id="c",
    lead_therapist_id="anna",
    opened_in_emergency_by=frozenset({"account:bert"}),
    member_ids=("ana", "rui"),
)


def about(**more):
    """A subject that belongs to the couple."""
    return SimpleNamespace(couple=COUPLE, **more)


ANNA = Actor(
    clinic_id="c",
    name="account:anna",
    account_id="anna",
    roles=frozenset({Role.THERAPIST}),
    therapist_id="anna",
)
BERT = Actor(
    clinic_id="c",
    name="account:bert",
    account_id="bert",
    roles=frozenset({Role.THERAPIST}),
    therapist_id="bert",
)
SUPERVISOR = Actor(
    clinic_id="c", name="account:s", account_id="s", roles=frozenset({Role.SUPERVISOR})
)
ADMIN = Actor(clinic_id="c", name="account:a", account_id="a", roles=frozenset({Role.ADMIN}))
VISITOR = Actor(clinic_id="c")
SYSTEM = Actor(clinic_id="c", name="system:worker", is_system=True)
HOLDER = Actor(clinic_id="c", name="link:ana", appointment_id="a1", member_id="ana")
ANA = Actor(clinic_id="c", name="partner:ana", member_id="ana", couple_id="couple-1")
RUI = Actor(clinic_id="c", name="partner:rui", member_id="rui", couple_id="couple-1")
STAFF = [ANNA, BERT, SUPERVISOR, ADMIN]
ALL = [*STAFF, VISITOR, SYSTEM, HOLDER, ANA, RUI]

HELD_BY_BERT = about(held_by="bert", author="account:anna", is_individual=False)
ALONE_WITH_BERT = about(held_by="bert", author="account:anna", is_individual=True, is_signed=False)
SIGNED_BY_ANNA = about(held_by="bert", author="account:anna", is_individual=True, is_signed=True)
SIGNED = about(authorised_by=["ana", "rui"])
FLAGGED, UNFLAGGED = about(flagged=True), about(flagged=False)
OF_ANA = about(member_id="ana")

CELLS = [
    ("anyone", None, ALL),
    ("is_staff", None, STAFF),
    ("is_system", None, [SYSTEM]),
    ("own_diary", "anna", [ANNA]),
    ("own_diary", about(therapist_id="bert"), [BERT]),
    ("own_diary", None, [ANNA, BERT]),
    ("leads_the_couple", COUPLE, [ANNA]),
    ("leads_the_couple", about(), [ANNA]),
    ("leads_the_couple", SimpleNamespace(lead_therapist_id=None), []),
    ("held_it", HELD_BY_BERT, [BERT]),
    ("held_it", about(held_by=None), []),
    ("held_or_wrote_it_alone", HELD_BY_BERT, []),
    ("held_or_wrote_it_alone", ALONE_WITH_BERT, [BERT]),
    ("held_or_wrote_it_alone", about(held_by="bert", author="account:bert"), [BERT]),
    ("supervises", about(), [SUPERVISOR]),
    ("supervises", SimpleNamespace(clinic_id="elsewhere"), []),
    ("supervises_if_flagged", FLAGGED, [SUPERVISOR]),
    ("supervises_if_flagged", UNFLAGGED, []),
    ("supervises_another", about(author="account:anna"), [SUPERVISOR]),
    ("supervises_another", about(author="account:s"), []),
    ("wrote_it", about(author="account:anna"), [ANNA]),
    ("wrote_it", about(author="visitor"), []),
    ("broke_the_glass", about(), [BERT]),
    ("holds_the_link", SimpleNamespace(id="a1"), [HOLDER]),
    ("holds_the_link", "a1", [HOLDER]),
    ("holds_the_link", "a2", []),
    ("is_that_partner", OF_ANA, [HOLDER, ANA]),
    ("one_of_them", about(), [ANA, RUI]),
    ("one_of_them", SimpleNamespace(couple_id="couple-2"), []),
    ("own_only", OF_ANA, [ANA]),
    ("named_in_it", about(named=("rui",)), [RUI]),
    ("pays_it", about(payer_id="rui"), [RUI]),
    ("both_authorised", SIGNED, [ANA, RUI]),
    ("both_authorised", about(authorised_by=["ana"]), []),
    ("both_authorised", about(), []),
    ("published_to_them", about(published=True), [ANA, RUI]),
    ("published_to_them", about(published=False), []),
    ("of_another_clinic", about(), []),
    ("of_another_clinic", SimpleNamespace(clinic_id="elsewhere"), ALL),
    ("of_another_clinic", about(clinic_id="elsewhere"), ALL),
    ("of_another_clinic", None, []),
    ("of_the_other_partner", OF_ANA, [RUI]),
    ("of_the_other_partner", about(), []),
    ("is_hidden_from_partners", about(visibility="restricted"), [HOLDER, ANA, RUI]),
    ("is_hidden_from_partners", about(visibility="joint"), []),
    ("is_of_separate_session", HELD_BY_BERT, []),
    ("is_of_separate_session", ALONE_WITH_BERT, [ANNA]),
    ("is_of_separate_session", SIGNED_BY_ANNA, []),
]
"""The condition, the subject, and all for whom the condition holds."""


@pytest.mark.parametrize(("name", "subject", "holds_for"), CELLS)
def test_condition_holds_for_these_and_nobody_else(name, subject, holds_for):
    condition = getattr(conditions, name)

    assert [actor for actor in ALL if condition(actor, subject)] == holds_for


def test_role_is_asked_for_by_any_of_those_named():
    assert [has_role(Role.ADMIN, Role.SUPERVISOR)(one, None) for one in STAFF] == [
        False,
        False,
        True,
        True,
    ]
    assert not any(has_role()(one, None) for one in ALL)


def test_staff_without_a_diary_have_none_of_their_own():
    assert not own_diary(ADMIN, SimpleNamespace(therapist_id=None))


def test_every_condition_is_tested_here():
    tested = {name for name, _subject, _holds in CELLS} | {"has_role"}
    defined = {
        name
        for name, one in vars(conditions).items()
        if getattr(one, "__module__", "") == conditions.__name__
    }

    assert defined - tested == {"couple_of"}
