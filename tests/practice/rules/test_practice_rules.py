from dataclasses import replace

import pytest

from clinic.practice.rules.edit_commands import ClinicDetails, SessionTypeDetails, TherapistProfile
from clinic.practice.rules.practice_rules import (
    clinic_problems,
    email_problems,
    session_type_problems,
    slug_problems,
    therapist_problems,
    time_zones,
    zone_problems,
)

INES = TherapistProfile(
    slug="ines-duarte",
    name="Inês Duarte",
    time_zone="Europe/Lisbon",
    languages=("en", "pt"),
    formats=("online",),
    modalities=("efct",),
)


CONSULTATION = SessionTypeDetails(
    slug="initial-consultation",
    name={"en": "Initial consultation"},
    length_minutes=30,
    formats=("online",),
)


CLINIC = ClinicDetails(
    name="Test Clinic",
    short_name="Clinic",
    time_zone="Europe/Lisbon",
    language="en",
    email="clinic@example.org",
)


def problems(profile):
    return therapist_problems(profile, modalities={"efct"}, needs={"feel_safe"})


def test_a_plain_profile_session_type_and_clinic_have_no_problems():
    assert problems(INES) == {}
    assert session_type_problems(CONSULTATION, therapists=()) == {}
    assert clinic_problems(CLINIC) == {}


def test_everything_wrong_with_a_profile_is_told_at_once():
    wrong = replace(
        INES,
        slug="Inês Duarte",
        name=" ",
        title={"en": "a\x00b", "xx": "?"},
        biography={"pt": "x" * 5001},
        email="ines@example.org\nBcc: all@example.org",
        time_zone="Europe/Lisboa",
        languages=(),
        formats=("phone",),
        modalities=("magic",),
        concerns=("feel_safe", "feel_safe"),
        max_sessions_per_day=0,
        sort=-1,
    )

    assert problems(wrong) == {
        "slug": ["Use up to 60 small letters and digits, with single hyphens between the words."],
        "name": ["Please write a name."],
        "title.en": ["This has characters that cannot be shown. Please type it again."],
        "title": ["Texts are kept in English and Portuguese only."],
        "biography.pt": ["Please keep this to 5000 characters."],
        "email": ["This does not look like an e-mail address."],
        "time_zone": ["There is no such time zone. Choose one such as Europe/Lisbon."],
        "languages": ["Please choose at least one."],
        "formats": ["One of these is not on offer. Please choose again."],
        "modalities": ["One of these is not on offer. Please choose again."],
        "concerns": ["One of these is not on offer. Please choose again."],
        "max_sessions_per_day": ["Please give a number from 1 to 50."],
        "sort": ["Please give a number from 0 to 9999."],
    }


def test_a_name_of_ten_thousand_characters_is_too_long():
    assert problems(replace(INES, name="n" * 10_000)) == {
        "name": ["Please keep this to 120 characters."]
    }


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [
        ("length_minutes", 4, 5, 480),
        ("length_minutes", 481, 5, 480),
        ("buffer_before_minutes", -1, 0, 240),
        ("buffer_after_minutes", 241, 0, 240),
        ("notice_minutes", 129_601, 0, 129_600),
        ("horizon_days", 0, 1, 730),
        ("grid_minutes", 241, 5, 240),
        ("change_notice_minutes", -1, 0, 129_600),
        ("max_per_day", 0, 1, 50),
        ("sort", 10_000, 0, 9_999),
    ],
)
def test_numbers_of_a_session_type_stay_within_the_limits_of_its_table(name, value, low, high):
    wrong = replace(CONSULTATION, **{name: value})

    assert session_type_problems(wrong, therapists=()) == {
        name: [f"Please give a number from {low} to {high}."]
    }


def test_first_start_of_the_grid_lies_within_one_step():
    assert (
        session_type_problems(
            replace(CONSULTATION, grid_minutes=30, grid_offset_minutes=29), therapists=()
        )
        == {}
    )
    assert list(
        session_type_problems(
            replace(CONSULTATION, grid_minutes=30, grid_offset_minutes=30), therapists=()
        )
    ) == ["grid_offset_minutes"]


def test_notice_longer_than_the_horizon_is_refused():
    assert list(
        session_type_problems(
            replace(CONSULTATION, notice_minutes=1440, horizon_days=1), therapists=()
        )
    ) == ["notice_minutes"]


def test_session_type_needs_an_english_name_and_therapists_of_the_clinic():
    wrong = replace(CONSULTATION, name={"pt": "Consulta"}, therapists=("ines", "nobody"))

    assert session_type_problems(wrong, therapists=("ines",)) == {
        "name.en": ["Please write a name."],
        "therapists": ["One of these is not on offer. Please choose again."],
    }


def test_everything_wrong_with_the_clinic_is_told_at_once():
    wrong = ClinicDetails(
        name="",
        short_name="s" * 41,
        time_zone="",
        language="de",
        email="nobody",
        phone="1" * 41,
        address="a" * 301,
        welcome={"en": "\x07"},
    )

    assert sorted(clinic_problems(wrong)) == sorted(
        ["name", "short_name", "time_zone", "language", "email", "phone", "address", "welcome.en"]
    )


def test_an_address_over_several_lines_is_fine():
    assert clinic_problems(replace(CLINIC, address="Rua A, 1\n1000-001 Lisboa")) == {}


@pytest.mark.parametrize("slug", ["", "Ana", "a b", "-a", "a-", "a--b", "ana/..", "é", "a" * 61])
def test_slugs_are_small_letters_digits_and_single_hyphens(slug):
    assert len(slug_problems(slug)) == 1


def test_a_slug_that_is_a_page_of_its_own_is_refused():
    assert slug_problems("new") == [
        "This word is already the name of a page. Please choose another."
    ]


@pytest.mark.parametrize(
    "email",
    ["a@b", "a..b@c.org", "a:b@c.org", "a b@c.org", "a@b..org", "a@b.org\r\nX: y", "a,b@c.org"],
)
def test_addresses_that_no_mail_could_reach_are_refused(email):
    assert len(email_problems(email)) == 1


def test_only_zones_of_the_iana_database_are_known():
    assert {"Europe/Lisbon", "Asia/Kathmandu", "UTC"} <= time_zones()
    assert "localtime" not in time_zones()
    assert len(zone_problems("Mars/Base")) == 1
    assert len(zone_problems("../../etc/passwd")) == 1
