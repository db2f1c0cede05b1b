"""Who asks: what an actor is taken for when nothing more is known of them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from clinic.foundation.permissions.actors import Actor, LinkChannel, Role

pytestmark = pytest.mark.one_database


def test_actor_of_whom_only_the_clinic_is_known_is_a_visitor():
    assert Actor(clinic_id="c") == Actor(
        clinic_id="c",
        name="visitor",
        account_id=None,
        roles=frozenset(),
        therapist_id=None,
        appointment_id=None,
        link=None,
        member_id=None,
        couple_id=None,
        is_system=False,
    )


@pytest.mark.parametrize("role", Role)
def test_whoever_has_a_role_is_staff(role):
    assert Actor(clinic_id="c", roles=frozenset({role})).is_staff


def test_holders_of_links_partners_and_the_system_are_no_staff():
    others = [
        Actor(clinic_id="c", appointment_id="a1", link=LinkChannel.MAILED, member_id="m1"),
        Actor(clinic_id="c", member_id="m1", couple_id="couple-1"),
        Actor(clinic_id="c", name="system:worker", is_system=True),
    ]

    assert [one.is_staff for one in others] == [False, False, False]


def test_actor_cannot_be_given_a_role_later():
    with pytest.raises(FrozenInstanceError):
        Actor(clinic_id="c").roles = frozenset({Role.ADMIN})
