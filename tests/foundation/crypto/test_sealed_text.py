"""What is sealed opens where it was sealed, with the keys it was sealed with, and nowhere else."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import delete, select

from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.couples.models import Partner
from clinic.foundation.crypto.data_keys import KeyMissing, WrappedKey
from clinic.foundation.crypto.encryption import PlaceIncomplete, SealBroken
from clinic.foundation.database.transactions import new_id, session, transaction
from tests.support.sealed_couples import forget_keys, overwrite, two_couples_book, two_people


@pytest.fixture
def two_couples(context):
    two_couples_book()


def test_sealed_texts_are_read_back_and_the_database_holds_no_byte_of_them(two_couples):
    names = {person.name for person in two_people()}

    assert names == {"Alex Example", "Bo Example"}
    for person in two_people():
        for sealed in (person.name_sealed, person.email_sealed, person.email_index):
            for part in (b"Alex", b"alex", b"Bo E", b"bo@", b"xample"):
                assert part not in sealed


def test_same_text_is_never_sealed_to_the_same_bytes(two_couples):
    with transaction():
        person = two_people()[0]
        before, person.name = person.name_sealed, person.name

    assert person.name_sealed != before


def test_value_copied_to_another_row_column_or_owner_does_not_open(two_couples):
    first, second = two_people()
    places = [
        (first.id, "name_sealed", first.name_sealed),
        (first.id, "email_sealed", first.email_sealed),
        (second.id, "name_sealed", second.name_sealed),
        (second.id, "email_sealed", second.email_sealed),
    ]
    refused = 0
    for (_from, _column, value), (row_id, column, original) in permutations(places, 2):
        overwrite(Partner, row_id, **{column: value})
        person = session().get_one(Partner, row_id)
        with pytest.raises(SealBroken):
            getattr(person, column.removesuffix("_sealed"))
        refused += 1
        overwrite(Partner, row_id, **{column: original})

    assert refused == 12
    assert {person.name for person in two_people()} == {"Alex Example", "Bo Example"}


def test_value_copied_to_another_table_of_the_same_couple_does_not_open(two_couples):
    query = select(Appointment.id, Partner.name_sealed).join(
        Partner, Partner.seal_owner == Appointment.couple_id
    )
    row_id, name_sealed = session().execute(query).first()

    overwrite(Appointment, row_id, message_sealed=name_sealed)

    with pytest.raises(SealBroken):
        _ = session().get_one(Appointment, row_id).message


def test_row_claimed_by_another_couple_does_not_open(two_couples):
    first, second = two_people()
    row_id = first.id

    overwrite(Partner, row_id, seal_owner=second.seal_owner)

    with pytest.raises(SealBroken):
        _ = session().get_one(Partner, row_id).name


def test_each_changed_byte_is_refused(two_couples):
    person = two_people()[0]
    whole = person.name_sealed

    for position in range(len(whole)):
        broken = bytearray(whole)
        broken[position] ^= 1
        person.name_sealed = bytes(broken)
        with pytest.raises(SealBroken):
            _ = person.name
    session().rollback()


def test_nothing_is_sealed_for_a_row_without_an_id_or_an_owner(two_couples):
    person = two_people()[0]
    owner = person.seal_owner

    with pytest.raises(PlaceIncomplete):
        Partner(id=None, seal_owner=owner).name = "Alex"
    with pytest.raises(KeyMissing):
        Partner(id=new_id(), seal_owner=None).name = "Alex"


def test_attribute_that_was_never_set_is_none_and_can_be_emptied(two_couples):
    with transaction():
        person = two_people()[0]
        person.name = None

    assert (person.name, person.name_sealed) == (None, None)
    change = session().scalars(select(AppointmentChange)).first()
    assert change.reason is None


def test_without_a_couples_key_its_texts_stay_locked_and_it_is_said(two_couples):
    (first, owner), (second, _owner) = [(one.id, one.seal_owner) for one in two_people()]
    with transaction() as current:
        current.execute(delete(WrappedKey).where(WrappedKey.owner == owner))
    forget_keys()

    with pytest.raises(KeyMissing):
        _ = session().get_one(Partner, first).name
    assert session().get_one(Partner, second).name in {"Alex Example", "Bo Example"}
