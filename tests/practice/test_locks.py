from __future__ import annotations

import pytest

from clinic.foundation.database.transactions import transaction
from clinic.foundation.errors import NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.locks import lock_all_diaries, lock_clinic, lock_practice, lock_therapist
from tests.support.factories import make_clinic, make_therapist


@pytest.fixture
def clinic(context):
    return make_clinic()


def staff(clinic_id, role=Role.ADMIN):
    return Actor(clinic_id=clinic_id, name="account:a", account_id="a", roles=frozenset({role}))


def test_whoever_may_edit_the_practice_gets_their_clinic(clinic):
    with transaction() as current:
        assert lock_clinic(current, actor=staff(clinic.id)).id == clinic.id


def test_whoever_may_not_edit_the_practice_is_refused(clinic):
    with pytest.raises(NotAllowed), transaction() as current:
        lock_clinic(current, actor=staff(clinic.id, Role.FRONT_DESK))


def test_a_clinic_that_is_not_there_is_not_found(clinic):
    with pytest.raises(NotFound), transaction() as current:
        lock_clinic(current, actor=staff("0" * 32))


def test_one_transaction_may_lock_the_practice_twice(clinic):
    with transaction() as current:
        lock_practice(current, clinic.id)
        lock_practice(current, clinic.id)
        assert lock_clinic(current, actor=staff(clinic.id)).id == clinic.id


def test_a_diary_is_found_by_slug_in_the_clinic_of_the_actor_only(clinic):
    therapist = make_therapist(clinic)
    make_therapist(make_clinic(slug="other"), slug="elsewhere")

    with transaction() as current:
        assert lock_therapist(current, "ines-duarte", actor=staff(clinic.id)).id == therapist.id
    with pytest.raises(NotFound), transaction() as current:
        lock_therapist(current, "elsewhere", actor=staff(clinic.id))


def test_all_diaries_of_a_clinic_are_locked_in_the_order_of_their_ids(clinic):
    ids = [make_therapist(clinic, slug=f"t-{number}").id for number in range(3)]
    make_therapist(make_clinic(slug="other"), slug="elsewhere")

    with transaction() as current:
        found = [one.id for one in lock_all_diaries(current, clinic_id=clinic.id)]

    assert found == sorted(ids)
