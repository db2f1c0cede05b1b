import re
from datetime import date

import pytest
from sqlalchemy import func, select

from clinic.foundation.database import session
from clinic.foundation.permissions import Role
from clinic.practice.commands import DayHours, HoursRange, WeeklyRange
from clinic.practice.desk_queries import (
    clinic_details,
    closures_ahead,
    session_type_details,
    therapist_hours,
    therapist_profile,
)
from clinic.practice.models import Clinic, SessionType, Therapist
from tests.factories import (
    NOW,
    PASSWORD,
    make_account,
    make_clinic,
    make_session_type,
    make_therapist,
)
from tests.web.field_errors import summary_of

FIELD = re.compile(r'<input(?=[^>]*name="([^"]+)")(?=[^>]*type="hidden")[^>]*value="([^"]*)"')
HOURS = "/desk/practice/therapists/ines-duarte/hours"
CLOSURES = "/desk/practice/closures"
THERAPIST = {
    "name": "Rui Sousa",
    "slug": "rui-sousa",
    "time_zone": "Atlantic/Azores",
    "languages": ["pt"],
    "formats": ["online"],
    "modalities": ["cbct"],
    "concerns": ["feel_safe"],
    "biography_en": "One line.\r\nAnother.",
    "accepts_new_couples": "y",
    "active": "y",
    "sort": "3",
}
SESSION_TYPE = {
    "name_en": "Couple session",
    "name_pt": "Sessão de casal",
    "slug": "couple-session",
    "audience": "existing",
    "formats": ["online", "in_person"],
    "therapists": ["ines-duarte"],
    "length_minutes": "75",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "15",
    "grid_minutes": "30",
    "grid_offset_minutes": "0",
    "notice": "2",
    "notice_unit": "days",
    "horizon_days": "90",
    "max_per_day": "",
    "change_notice": "90",
    "change_notice_unit": "minutes",
    "sort": "1",
    "active": "y",
}


class Browser:
    """A signed-in browser that sends back the hidden fields it was given."""

    def __init__(self, app, role):
        with app.app_context():
            ines = session().scalar(select(Therapist).where(Therapist.slug == "ines-duarte"))
            mine = {"therapist_id": ines.id} if role is Role.THERAPIST else {}
            email = f"{role}@example.org"
            make_account(session().get(Clinic, ines.clinic_id), email=email, roles=[role], **mine)
        self.client = app.test_client()
        response = self.send("/login", page="/login", email=email, password=PASSWORD)
        assert response.status_code == 302

    def get(self, path):
        return self.client.get(path)

    def hidden(self, page, prefix=""):
        return {
            name: value
            for name, value in FIELD.findall(self.get(page).text)
            if name.startswith(prefix)
        }

    def send(self, path, *, page=None, prefix="", **fields):
        return self.client.post(path, data=self.hidden(page or path, prefix) | fields)


@pytest.fixture
def house(app):
    """A clinic with two therapists and a session type."""
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic)
        make_therapist(clinic, session_types=[kind])
        make_therapist(clinic, slug="other", name="Other")
        return clinic.id


@pytest.fixture
def admin(app, house):
    return Browser(app, Role.ADMIN)


@pytest.fixture
def desk(app, house):
    return Browser(app, Role.FRONT_DESK)


@pytest.fixture
def ines(app, house):
    return Browser(app, Role.THERAPIST)


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


def week(*ranges):
    """The fields of a week: (weekday, row, start, end)."""
    fields = {f"week-day_{day}-ranges-0-start": "" for day in range(7)}
    for day, row, start, end in ranges:
        fields[f"week-day_{day}-ranges-{row}-start"] = start
        fields[f"week-day_{day}-ranges-{row}-end"] = end
    return fields


def hours_of(app, house):
    with app.app_context():
        return therapist_hours(house, "ines-duarte", now=NOW)


def test_a_therapist_saves_their_own_week(app, house, ines):
    rows = week((0, 0, "09:00", "12:30"), (0, 1, "14:00", "18:00"), (4, 0, "22:00", "01:00"))

    response = ines.send(HOURS, prefix="week", **rows)

    assert (response.status_code, response.location) == (302, HOURS)
    assert hours_of(app, house).weekly == (
        WeeklyRange(0, 540, 750),
        WeeklyRange(0, 840, 1080),
        WeeklyRange(4, 1320, 1500),
    )


def test_a_therapist_may_not_save_anybody_elses_week(app, house, ines):
    page = "/desk/practice/therapists/other/hours"
    token = ines.hidden(HOURS, "week")

    response = ines.client.post(page, data=token | week((0, 0, "09:00", "12:30")))

    assert response.status_code == 403


def test_the_week_is_shown_as_it_was_saved(admin):
    text = admin.get(HOURS).text

    assert text.count('value="09:00"') == 5
    assert text.count('value="17:00"') == 5
    assert 'name="week-day_6-ranges-0-start"' in text


def test_overlapping_half_filled_and_unreadable_rows_come_back_with_their_errors(app, house, desk):
    overlapping = week((0, 0, "", ""), (0, 1, "09:00", "12:00"), (0, 2, "11:00", "13:00"))
    broken = week((1, 0, "09:00", ""), (2, 0, "25:00", "26:00"))

    first = desk.send(HOURS, prefix="week", **overlapping)
    second = desk.send(HOURS, prefix="week", **broken)

    assert (first.status_code, second.status_code) == (422, 422)
    assert first.text.count("These hours overlap with others.") == 2
    assert 'href="#week-day_0-ranges-2-start">Monday: These hours overlap' in first.text
    assert 'value="11:00"' in first.text
    assert "Please write both times, or neither." in second.text
    assert "Please write a time such as 09:30." in second.text
    assert 'value="25:00"' in second.text
    assert len(hours_of(app, house).weekly) == 5


def test_rows_are_added_and_removed_without_javascript_and_without_saving(app, house, desk):
    typed = week((0, 0, "08:15", "12:00"), (1, 0, "08:45", "12:00"))

    more = desk.send(HOURS, prefix="week", add="0", **typed)
    fewer = desk.send(HOURS, prefix="week", remove="week-day_1-ranges-0", **typed)

    assert (more.status_code, fewer.status_code) == (200, 200)
    assert 'name="week-day_0-ranges-1-start"' in more.text
    assert 'value="08:15"' in more.text
    assert 'value="08:15"' in fewer.text
    assert 'value="08:45"' not in fewer.text
    assert len(hours_of(app, house).weekly) == 5


@pytest.mark.parametrize("button", [{"add": "9"}, {"add": "x"}, {"remove": "nothing"}])
def test_a_button_that_no_page_has_changes_nothing(desk, button):
    assert desk.send(HOURS, prefix="week", **button, **week()).status_code == 200


def test_midnight_to_midnight_is_a_whole_day_and_other_equal_times_are_a_slip(app, house, desk):
    whole = desk.send(HOURS, prefix="week", **week((5, 0, "00:00", "00:00")))
    slip = desk.send(HOURS, prefix="week", **week((5, 0, "09:00", "09:00")))

    assert (whole.status_code, slip.status_code) == (302, 422)
    assert "Saturday: Hours must end after they start" in slip.text
    assert hours_of(app, house).weekly == (WeeklyRange(5, 0, 1440),)


def test_an_empty_week_is_no_hours(app, house, desk):
    desk.send(HOURS, prefix="week", **week())

    assert hours_of(app, house).weekly == ()


def test_a_day_gets_other_hours_and_loses_them_again(app, house, desk):
    path = "/desk/practice/therapists/ines-duarte/days"
    fields = {
        "day-on": "2026-12-24",
        "day-ranges-0-start": "09:00",
        "day-ranges-0-end": "12:00",
        "day-ranges-1-start": "",
        "day-ranges-1-end": "",
    }

    saved = desk.send(path, page=HOURS, prefix="day", **fields)

    assert saved.location == HOURS
    assert hours_of(app, house).overrides == (
        DayHours(date(2026, 12, 24), (HoursRange(540, 720),)),
    )
    assert "Thursday 24 December 2026" in desk.get(HOURS).text

    for _ in range(2):
        removed = desk.send(f"{path}/2026-12-24/remove", page=HOURS, prefix="csrf")
        assert removed.location == HOURS
    assert hours_of(app, house).overrides == ()
    assert desk.send(f"{path}/2026-02-30/remove", page=HOURS, prefix="csrf").status_code == 404


def test_a_day_that_does_not_exist_is_refused_at_its_field(app, house, desk):
    path = "/desk/practice/therapists/ines-duarte/days"

    response = desk.send(path, page=HOURS, prefix="day", **{"day-on": "2026-02-30"})

    assert response.status_code == 422
    assert "Please choose a date that exists." in response.text
    assert 'value="2026-02-30"' in response.text


def test_hours_without_any_date_are_refused_at_its_field(app, house, desk):
    path = "/desk/practice/therapists/ines-duarte/days"

    response = desk.send(path, page=HOURS, prefix="day", **{"day-ranges-0-start": "09:00"})

    assert (response.status_code, hours_of(app, house).overrides) == (422, ())
    assert "Please choose a date that exists." in response.text


def test_time_off_is_added_once_and_removed(app, house, ines):
    path = "/desk/practice/therapists/ines-duarte/time-off"
    fields = {"away-start": "2026-12-01T10:07", "away-end": "2026-12-02T11:31"}

    for _ in range(2):
        assert ines.send(path, page=HOURS, prefix="away", **fields).location == HOURS

    (away,) = hours_of(app, house).time_off
    assert "Tuesday 1 December 2026, 10:07 (Lisbon)" in ines.get(HOURS).text

    for _ in range(2):
        ines.send(f"{path}/{away.id}/remove", page=HOURS, prefix="csrf")
    assert hours_of(app, house).time_off == ()


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("", "2026-12-01T10:00", "Please give a date and a time that exist."),
        ("2026-02-30T10:00", "2026-12-01T10:00", "Please give a date and a time that exist."),
        ("2026-12-02T10:00", "2026-12-01T10:00", "The end must come after the start."),
        ("2027-03-28T01:30", "2027-03-28T03:00", "after 00:59 comes 02:00"),
    ],
)
def test_time_off_that_cannot_be_is_refused_with_what_was_typed(desk, start, end, sentence):
    path = "/desk/practice/therapists/ines-duarte/time-off"

    response = desk.send(path, page=HOURS, prefix="away", **{"away-start": start, "away-end": end})

    assert response.status_code == 422
    assert sentence in response.text
    assert f'value="{start}"' in response.text


def test_the_clinic_is_closed_and_opened_again(app, house, admin):
    fields = {
        "closure-name": "Christmas",
        "closure-start": "2026-12-24T13:00",
        "closure-end": "2026-12-27T00:00",
    }

    refused = admin.send(CLOSURES, prefix="closure", **(fields | {"closure-name": ""}))
    saved = admin.send(CLOSURES, prefix="closure", **fields)

    assert (refused.status_code, saved.status_code) == (422, 302)
    assert "Please write a name." in refused.text
    with app.app_context():
        (closure,) = closures_ahead(house, now=NOW)
    assert "Christmas" in admin.get("/desk/practice").text

    removed = admin.send(f"{CLOSURES}/{closure.id}/remove", page=CLOSURES, prefix="csrf")

    assert removed.location == CLOSURES
    with app.app_context():
        assert closures_ahead(house, now=NOW) == ()


def test_forms_without_their_token_are_refused(admin):
    assert admin.client.post(HOURS, data=week()).status_code == 400
    assert admin.client.post("/desk/practice/clinic", data={}).status_code == 400


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
