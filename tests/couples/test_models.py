from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic.couples.models import Couple, CoupleMember, Partner
from clinic.couples.service import PartnerDetails, enrol_couple
from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.database.transactions import new_id, session, transaction
from tests.support.factories import NOW, make_practice

WHO = [
    PartnerDetails(name=name, email=email, time_zone="Europe/Lisbon", language="en")
    for name, email in (("Alex Example", "alex@example.org"), ("Sam Sample", "sam@example.org"))
]


@pytest.fixture
def practice(context):
    return make_practice()


@pytest.fixture
def couple(practice):
    return enrol_couple(
        WHO, lead_therapist_id=practice.therapist.id, actor=practice.visitor, now=NOW
    )


def test_names_and_addresses_are_stored_as_ciphertext_only(couple):
    for row in session().scalars(select(Partner)):
        stored = b"|".join(
            str(value).encode() if not isinstance(value, bytes) else value
            for value in row.__dict__.values()
        )
        for word in (b"Alex", b"Sam", b"example.org"):
            assert word not in stored


def test_ciphertext_moved_to_another_person_does_not_open(couple):
    alex, sam = (member.person for member in couple.members)
    with transaction() as current:
        current.get_one(Partner, sam.id).name_sealed = alex.name_sealed

    with pytest.raises(SealBroken):
        _ = session().get_one(Partner, sam.id).name


def test_code_is_of_one_couple(practice, couple):
    twin = Couple(id=new_id(), clinic_id=couple.clinic_id, code=couple.code, created_at=NOW)

    with pytest.raises(IntegrityError), transaction() as current:
        current.add(twin)


def test_place_in_a_couple_is_of_one_person(couple):
    person = couple.members[1].person
    second_a = CoupleMember(
        id=new_id(), couple_id=couple.id, person_id=person.id, slot="A", joined_at=NOW
    )

    with pytest.raises(IntegrityError), transaction() as current:
        current.add(second_a)


def test_status_is_one_of_those_there_are(couple):
    with pytest.raises(IntegrityError), transaction() as current:
        current.get_one(Couple, couple.id).status = "happy"
