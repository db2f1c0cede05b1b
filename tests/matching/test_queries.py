from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.couples.models import Couple
from clinic.foundation.database.transactions import new_id, transaction
from clinic.matching.queries import candidates
from clinic.matching.rules.inquiry import Candidate
from clinic.practice.clinic.queries import get_session_type, list_public_therapists
from tests.support.factories import NOW, make_practice, make_session_type, make_therapist
from tests.support.query_counting import count_queries

FIRST = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def practice(context):
    return make_practice()


def found(practice):
    kind = get_session_type(practice.clinic.id, "initial-consultation")
    return candidates(list_public_therapists(practice.clinic.id), kind, now=NOW)


def enrolled(practice, *, days_ago, therapist=None):
    with transaction() as current:
        number = current.query(Couple).count() + 1
        current.add(
            Couple(
                id=new_id(),
                clinic_id=practice.clinic.id,
                code=f"C-{number:04d}",
                lead_therapist_id=(therapist or practice.therapist).id,
                created_at=NOW - timedelta(days=days_ago),
            )
        )


def test_therapist_becomes_a_candidate_with_profile_and_first_time(practice):
    (one,), free = found(practice)

    assert one == Candidate(
        id=0,
        slug="ines-duarte",
        languages=("en", "pt"),
        formats=("online", "in_person"),
        modalities=("efct",),
        concerns=(),
        takes_couples=True,
        accepts_new_couples=True,
        next_slot_at=FIRST,
        new_couples_30_days=0,
    )
    assert [slot.start for slot in free[practice.therapist.id]] == [
        FIRST,
        FIRST + timedelta(minutes=30),
        FIRST + timedelta(hours=1),
    ]


def test_therapist_who_does_not_offer_the_type_does_not_take_couples_for_it(practice):
    make_therapist(practice.clinic, slug="other", sort=1)

    assert [(one.slug, one.takes_couples) for one in found(practice)[0]] == [
        ("ines-duarte", True),
        ("other", False),
    ]


def test_only_forms_that_the_type_has_count(context):
    practice = make_practice(formats=["online"])

    assert found(practice)[0][0].formats == ("online",)


def test_therapist_without_a_free_time_has_none(practice):
    make_therapist(practice.clinic, slug="idle", sort=1, hours=())

    (_first, idle), free = found(practice)

    assert (idle.next_slot_at, list(free.values())[1]) == (None, [])


def test_new_couples_are_those_of_the_last_thirty_days(practice):
    enrolled(practice, days_ago=0)
    enrolled(practice, days_ago=29)
    enrolled(practice, days_ago=30)

    assert found(practice)[0][0].new_couples_30_days == 2


def test_closed_and_resting_therapists_are_told_apart(practice):
    make_therapist(practice.clinic, slug="closed", sort=1, accepts_new_couples=False)
    make_therapist(practice.clinic, slug="resting", sort=2, active=False)

    assert [(one.slug, one.accepts_new_couples) for one in found(practice)[0]] == [
        ("ines-duarte", True),
        ("closed", False),
    ]


def test_the_number_of_queries_does_not_depend_on_how_many_there_are(practice):
    def cost():
        with count_queries() as seen:
            found(practice)
        return len(seen)

    cost()
    one = cost()
    kinds = [practice.session_type, make_session_type(practice.clinic, slug="other")]
    for number in range(6):
        make_therapist(practice.clinic, slug=f"t-{number}", session_types=kinds)

    cost()
    assert cost() == one
