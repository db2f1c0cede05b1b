"""Commands act as the system, under a name of their own."""

from __future__ import annotations

from clinic.commands.operator import operator
from clinic.foundation.permissions.actors import Actor
from tests.support.factories import make_clinic


def test_operator_is_the_system_of_the_clinic_and_named_as_a_command(context):
    clinic = make_clinic()

    assert operator() == Actor(clinic_id=clinic.id, name="system:command", is_system=True)
