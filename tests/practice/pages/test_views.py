"""The pages of the practice: who sees them; therapists, session types, the clinic's details."""

import re

import pytest
from sqlalchemy import func, select

from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Role
from clinic.practice.clinic.page_queries import (
    clinic_details,
    session_type_details,
    therapist_profile,
)
from clinic.practice.models import SessionType, Therapist
from tests.support.practice_client import CLOSURES, HOURS, SESSION_TYPE, THERAPIST, Browser
from tests.support.web.field_errors import summary_of

PAGES = {
    "/desk/practice": {"admin", "front_desk", "supervisor", "therapist"},
    "/desk/practice/clinic": {"admin"},
    "/desk/practice/therapists/new": {"admin"},
    "/desk/practice/therapists/ines-duarte": {"admin"},
    HOURS: {"admin", "front_desk", "therapist"},
    "/desk/practice/therapists/other/hours": {"admin", "front_desk"},
    "/desk/practice/session-types/new": {"admin"},
    "/desk/practice/session-types/initial-consultation": {"admin"},
    CLOSURES: {"admin"},
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_its_pages_and_no_others(app, house, role):
    browser = Browser(app, role)

    seen = {page for page in PAGES if browser.get(page).status_code == 200}

    assert seen == {page for page, roles in PAGES.items() if role in roles}


def test_visitors_are_asked_to_sign_in(client, house):
    assert {client.get(page).status_code for page in PAGES} == {302}


def test_what_does_not_exist_is_not_found(admin):
    for page in ("therapists/nobody", "therapists/nobody/hours", "session-types/nothing"):
        assert admin.get(f"/desk/practice/{page}").status_code == 404


def test_a_therapist_is_added_and_their_hours_come_next(app, house, admin):
    response = admin.send("/desk/practice/therapists/new", **THERAPIST)

    assert (response.status_code, response.location) == (
        302,
        "/desk/practice/therapists/rui-sousa/hours",
    )
    with app.app_context():
        profile = therapist_profile(house, "rui-sousa")
    assert (profile.name, profile.concerns, profile.biography, profile.max_sessions_per_day) == (
        "Rui Sousa",
        ("feel_safe",),
        {"en": "One line.\nAnother."},
        None,
    )


def test_a_form_sent_twice_adds_one_therapist(app, house, admin):
    page = "/desk/practice/therapists/new"
    same = admin.hidden(page) | THERAPIST

    answers = [admin.client.post(page, data=same) for _ in range(2)]

    assert {(one.status_code, one.location) for one in answers} == {
        (302, "/desk/practice/therapists/rui-sousa/hours")
    }
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Therapist)) == 3


def test_bad_input_comes_back_with_its_errors_and_everything_typed(app, house, admin):
    wrong = THERAPIST | {
        "slug": "Rui & <b>",
        "name": "n" * 10_000,
        "time_zone": "Mars/Base",
        "languages": [],
        "biography_pt": "<script>alert(1)</script>",
    }

    response = admin.send("/desk/practice/therapists/new", **wrong)

    assert response.status_code == 422
    for kept in ("Rui &amp; &lt;b&gt;", "n" * 10_000, "Mars/Base", "&lt;script&gt;alert(1)"):
        assert kept in response.text
    for sentence in (
        "single hyphens between the words",
        "Please keep this to 120 characters.",
        "There is no such time zone.",
        "Please choose at least one.",
    ):
        assert response.text.count(sentence) == 2  # in the summary and at the field
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Therapist)) == 2


def test_a_sentence_with_numbers_is_shown_with_its_numbers(app, admin):
    response = admin.send("/desk/practice/therapists/new", **(THERAPIST | {"sort": "10000"}))

    assert "Please give a number from 0 to 9999." in response.text


def test_a_profile_is_edited_without_losing_what_was_there(app, house, admin):
    page = "/desk/practice/therapists/ines-duarte"
    before = admin.get(page).text

    response = admin.send(page, **(THERAPIST | {"slug": "ines-duarte", "name": "Inês D."}))

    assert 'value="Inês Duarte"' in before
    assert re.search(r'value="efct" checked', before)
    assert response.location == "/desk/practice"
    with app.app_context():
        assert therapist_profile(house, "ines-duarte").name == "Inês D."


def test_a_session_type_is_added_with_its_units_turned_into_minutes(app, house, admin):
    response = admin.send("/desk/practice/session-types/new", **SESSION_TYPE)

    assert response.location == "/desk/practice/session-types/couple-session"
    with app.app_context():
        details = session_type_details(house, "couple-session")
    assert (details.notice_minutes, details.change_notice_minutes, details.therapists) == (
        2880,
        90,
        ("ines-duarte",),
    )


def test_a_session_type_saved_as_it_is_shown_stays_the_same(app, house, admin):
    admin.send("/desk/practice/session-types/new", **SESSION_TYPE)
    page = "/desk/practice/session-types/couple-session"
    with app.app_context():
        before = session_type_details(house, "couple-session")
    text = admin.get(page).text

    admin.send(page, **SESSION_TYPE)

    assert '<option selected value="days">' in text
    assert '<option selected value="minutes">' in text
    with app.app_context():
        assert session_type_details(house, "couple-session") == before


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("length_minutes", "an hour", "Please write a whole number."),
        ("length_minutes", "", "Please write a whole number."),
        ("length_minutes", "1", "Please give a number from 5 to 480."),
        ("notice", "91", "Please give a number from 0 to 129600."),
        ("horizon_days", "9" * 30, "Please give a number from 1 to 730."),
        ("audience", "everyone", "One of these is not on offer."),
        ("name_en", "", "Please write a name."),
        ("notice_unit", "years", "Not a valid choice"),
        ("slug", "initial-consultation", "This address is already in use."),
    ],
)
def test_a_wrong_session_type_is_refused_at_its_field(app, admin, field, typed, sentence):
    response = admin.send("/desk/practice/session-types/new", **(SESSION_TYPE | {field: typed}))

    assert response.status_code == 422
    assert sentence in response.text
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(SessionType)) == 1


def test_the_slots_that_result_are_a_link_away(admin):
    address = "/desk/preview/ines-duarte?session_type=initial-consultation"

    for page in (HOURS, "/desk/practice/session-types/initial-consultation"):
        text = admin.get(page).text
        assert f'data-fragment-src="{address}"' in text
        assert f'href="{address}"' in text


def test_the_clinics_details_are_saved_or_refused_at_their_field(app, house, admin):
    page = "/desk/practice/clinic"
    details = {
        "name": "House of Repair",
        "short_name": "Repair",
        "time_zone": "Atlantic/Madeira",
        "language": "pt",
        "email": "hello@example.org",
        "welcome_en": "Come in.",
    }

    refused = admin.send(page, **(details | {"email": "hello@example.org\r\nBcc: x@example.org"}))
    saved = admin.send(page, **details)

    assert (refused.status_code, saved.status_code) == (422, 302)
    assert "This does not look like an e-mail address." in refused.text
    with app.app_context():
        found = clinic_details(house)
    assert (found.name, found.language, found.phone, found.welcome) == (
        "House of Repair",
        "pt",
        None,
        {"en": "Come in."},
    )


def test_a_therapist_without_a_name_keeps_the_heading_of_whom_it_is_about(admin):
    path = "/desk/practice/therapists/ines-duarte"
    page = admin.send(path, **(THERAPIST | {"name": ""}))
    assert page.status_code == 422
    assert re.search(r"<h1[^>]*>([^<]*)<", page.text)[1].strip() == "Inês Duarte"


def test_what_is_said_of_several_fields_names_each_of_them_in_the_list_above(admin):
    path = "/desk/practice/clinic"
    typed = {"name": "", "short_name": "", "email": "a@@b", "time_zone": "Europe/Lisbon"}
    page = admin.send(path, language="en", **typed)
    assert summary_of(page) == [
        ("name", "Name: Please write a name."),
        ("short_name", "Short name: Please write a name."),
        ("email", "This does not look like an e-mail address."),
    ]
