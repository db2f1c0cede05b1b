from __future__ import annotations

from clinic.practice.rules.edit_commands import SessionTypeDetails
from clinic.practice.rules.practice_rules import email_problems, session_type_problems
from clinic.sample_data import demo_people


def addresses():
    couples = [
        *demo_people.COUPLES,
        *(one for some in demo_people.REGULARS.values() for one in some),
    ]
    people = [email for one in couples for _name, email, _zone, _language in one["partners"]]
    return people + [one["email"] for one in (*demo_people.THERAPISTS, *demo_people.STAFF)]


def test_nobody_has_an_address_that_reaches_somebody():
    assert [one for one in addresses() if not one.endswith(".example")] == []
    assert [one for one in addresses() if email_problems(one)] == []


def test_no_two_people_share_an_address():
    assert len(set(addresses())) == len(addresses())


def test_an_address_is_made_of_the_plain_letters_of_a_name():
    (carla, nuno) = demo_people.REGULARS["ines-duarte"][2]["partners"]

    assert carla == ("Carla Simões", "carla.simoes@partners.example", "Europe/Lisbon", "pt")
    assert nuno == ("Nuno Simões", "nuno.simoes@partners.example", "Europe/Lisbon", "pt")


def test_every_couple_comes_to_a_therapist_of_the_demo():
    slugs = {one["slug"] for one in demo_people.THERAPISTS}

    assert set(demo_people.REGULARS) == slugs
    assert {one["therapist"] for one in demo_people.COUPLES} <= slugs


def test_session_types_are_within_the_rules():
    types = [SessionTypeDetails(**one) for one in demo_people.SESSION_TYPES]

    assert [session_type_problems(one, therapists=()) for one in types] == [{}] * len(types)
