from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.couples.models import Couple, CoupleMember, Partner
from clinic.couples.service import PartnerDetails, enrol_couple, members_named
from clinic.foundation.audit import AuditEntry, first_broken_entry
from clinic.foundation.database.transactions import session, transaction
from clinic.practice.models import Clinic
from tests.support.factories import NOW, make_practice, make_therapist


@pytest.fixture
def practice(context):
    return make_practice()


def partner(name="Alex Example", email="alex@example.org", **changes):
    values = {"time_zone": "Europe/Lisbon", "language": "en"} | changes
    return PartnerDetails(name=name, email=email, **values)


SAM = partner("Sam Sample", "sam@example.org", time_zone="Asia/Kathmandu", language="pt")
KIM = partner("Kim Klar", "kim@example.org")


def enrol(practice, *partners, lead=None, now=NOW):
    return enrol_couple(
        partners,
        lead_therapist_id=lead or practice.therapist.id,
        actor=practice.visitor,
        now=now,
    )


def test_new_couple_is_an_enquiry_with_a_code_and_two_people_of_their_own(practice):
    couple = enrol(practice, partner(), SAM)

    assert (couple.code, couple.status, couple.lead_therapist_id, couple.created_at) == (
        "C-0001",
        "enquiry",
        practice.therapist.id,
        NOW,
    )
    assert [
        (m.slot, m.person.name, m.person.email, m.person.time_zone, m.person.language)
        for m in couple.members
    ] == [
        ("A", "Alex Example", "alex@example.org", "Europe/Lisbon", "en"),
        ("B", "Sam Sample", "sam@example.org", "Asia/Kathmandu", "pt"),
    ]


def test_codes_are_counted_on(practice):
    codes = [enrol(practice, partner(email=f"p{number}@example.org")).code for number in range(3)]

    assert codes == ["C-0001", "C-0002", "C-0003"]


def test_code_beyond_four_digits_grows(practice):
    with transaction() as current:
        current.get_one(Clinic, practice.clinic.id).couples_counted = 9999

    assert enrol(practice, partner()).code == "C-10000"


@pytest.mark.parametrize("spelling", ["alex@example.org", " ALEX@EXAMPLE.ORG", "ａlex@example.org"])
def test_same_address_in_any_spelling_finds_the_record(practice, spelling):
    first = enrol(practice, partner(), SAM)

    assert enrol(practice, partner(email=spelling)).id == first.id


def test_both_partners_in_the_other_order_find_the_record_and_keep_their_places(practice):
    first = enrol(practice, partner(), SAM)

    again = enrol(practice, SAM, partner())

    assert again.id == first.id
    assert [(m.slot, m.person.name) for m in again.members] == [
        ("A", "Alex Example"),
        ("B", "Sam Sample"),
    ]


def test_coming_with_somebody_else_is_another_record(practice):
    enrol(practice, partner(), SAM)

    assert enrol(practice, partner(), KIM).code == "C-0002"


def test_two_strangers_from_two_couples_are_a_record_of_their_own(practice):
    enrol(practice, partner())
    enrol(practice, KIM)

    assert enrol(practice, partner(), KIM).code == "C-0003"


def test_partner_without_an_address_is_never_taken_for_somebody(practice):
    enrol(practice, partner(), partner("Sam", ""))

    second = enrol(practice, partner(), partner("Sam", ""))

    assert second.code == "C-0002"
    assert [(m.person.email, m.person.email_index is None) for m in second.members] == [
        ("alex@example.org", False),
        (None, True),
    ]


def test_closed_record_is_not_reopened_by_a_booking(practice):
    first = enrol(practice, partner())
    with transaction() as current:
        current.get_one(Couple, first.id).status = "closed"

    assert enrol(practice, partner()).code == "C-0002"


def test_somebody_who_left_a_couple_is_not_found_in_it(practice):
    first = enrol(practice, partner(), SAM)
    with transaction() as current:
        current.get_one(CoupleMember, first.members[1].id).left_at = NOW

    assert enrol(practice, SAM).code == "C-0002"


def test_record_that_somebody_made_later_with_an_address_never_takes_over(practice):
    own = enrol(practice, partner(), SAM)
    enrol(practice, KIM, partner(), now=NOW + timedelta(days=1))

    assert enrol(practice, partner(), now=NOW + timedelta(days=2)).id == own.id


def test_somebody_in_two_records_is_given_the_one_that_this_therapist_leads(practice):
    other = make_therapist(practice.clinic, slug="daniel-reyes")
    enrol(practice, partner(), SAM)
    led = enrol(practice, partner(), KIM, lead=other.id, now=NOW + timedelta(days=1))

    assert enrol(practice, partner(), lead=other.id, now=NOW + timedelta(days=2)).id == led.id


def test_members_are_named_in_the_order_given_and_once(practice):
    couple = enrol(practice, partner(), SAM)

    def slots(*partners):
        return [member.slot for member in members_named(couple, partners)]

    assert slots(SAM, partner()) == ["B", "A"]
    assert slots(SAM) == ["B"]
    assert slots(SAM, SAM) == ["B"]
    assert slots(KIM, partner("Sam", "")) == []


def test_enrolling_leaves_one_line_in_the_audit_log_and_finding_again_none(practice):
    couple = enrol(practice, partner())
    enrol(practice, partner())

    lines = session().execute(select(AuditEntry.action, AuditEntry.object_id)).all()
    assert [tuple(line) for line in lines if line.action.startswith("couple.")] == [
        ("couple.enrolled", couple.id)
    ]
    assert first_broken_entry(session()) is None


def test_failed_enrolment_leaves_nothing_and_does_not_use_up_a_code(practice):
    with pytest.raises(ZeroDivisionError), transaction():
        enrol(practice, partner())
        _ = 1 / 0

    assert session().scalars(select(Partner.id)).all() == []
    assert enrol(practice, partner()).code == "C-0001"
