"""Two people editing the same thing: nobody's work is overwritten unseen, and nobody's is lost."""

from __future__ import annotations

import re
from datetime import date

import pytest

from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Role
from clinic.practice.clinic.clinics import the_clinic
from clinic.practice.clinic.page_queries import (
    clinic_details,
    session_type_details,
    therapist_hours,
    therapist_profile,
)
from clinic.practice.clinic.service import update_session_type
from clinic.practice.hours.service import remove_day_override
from clinic.practice.rules.edit_commands import DayHours, HoursRange
from tests.practice.hours.test_service import staff
from tests.support.factories import NOW
from tests.support.practice_client import HOURS, SESSION_TYPE, THERAPIST

CLINIC = "/desk/practice/clinic"
PROFILE = "/desk/practice/therapists/ines-duarte"
KIND = "/desk/practice/session-types/initial-consultation"
DETAILS = {
    "name": "Seam",
    "short_name": "Seam",
    "time_zone": "Europe/Lisbon",
    "language": "en",
    "email": "clinic@example.org",
}
INES = THERAPIST | {"slug": "ines-duarte"}
INITIAL = SESSION_TYPE | {"slug": "initial-consultation"}
DAYS = "/desk/practice/therapists/ines-duarte/days"
ON = date(2026, 12, 24)


def stale(browser, path, field, mine, theirs, **rest):
    """Draw the form, have somebody else save, and send it: the answer, and its hidden fields."""
    drawn = browser.hidden(path)
    assert browser.send(path, **(rest | {field: theirs})).status_code == 302
    return browser.client.post(path, data=drawn | rest | {field: mine})


def hidden_in(page):
    return dict(
        re.findall(
            r'<input id="(?:[a-z]+-)?(?:version|key|csrf_token)" name="([^"]+)" type="hidden" value="([^"]*)"',
            page,
        )
    )


def shown(page):
    """The rows of the comparison: what, mine, theirs."""
    cell = r"\s*<td data-label=\"[^\"]*\">\s*<span class=\"as-written\">([^<]*)</span>\s*</td>"
    return re.findall(rf'<tr>\s*<th scope="row">([^<]*)</th>{cell}{cell}\s*</tr>', page)


@pytest.mark.parametrize(
    ("path", "fields", "field", "label"),
    [
        (CLINIC, DETAILS, "phone", "Telephone"),
        (PROFILE, INES, "title_en", "Line under the name, in English"),
        (KIND, INITIAL, "length_minutes", "Length, in minutes"),
    ],
)
def test_an_outdated_form_shows_both_and_can_be_saved_again_knowingly(
    app, admin, path, fields, field, label
):
    refused = stale(admin, path, field, "45", "55", **fields)
    assert refused.status_code == 409
    assert "Somebody else saved this in the meantime" in refused.text
    assert shown(refused.text) == [(label, "45", "55")]
    assert 'value="45"' in refused.text
    again = admin.client.post(path, data=hidden_in(refused.text) | fields | {field: "45"})
    assert again.status_code == 302
    with app.app_context():
        stored = {
            CLINIC: lambda id_: clinic_details(id_).phone,
            PROFILE: lambda id_: therapist_profile(id_, "ines-duarte").title.get("en"),
            KIND: lambda id_: str(session_type_details(id_, "initial-consultation").length_minutes),
        }
        assert stored[path](the_clinic_id()) == "45"


def the_clinic_id():

    return the_clinic().id


def test_nothing_of_the_other_is_overwritten_by_the_refused_one(app, admin):
    stale(admin, CLINIC, "phone", "mine", "theirs", **DETAILS)
    with app.app_context():
        assert clinic_details(the_clinic_id()).phone == "theirs"


def test_a_form_without_a_version_is_refused_as_an_outdated_one(admin):
    drawn = admin.hidden(CLINIC)
    del drawn["version"]
    assert admin.client.post(CLINIC, data=drawn | DETAILS).status_code == 409


def test_the_same_form_sent_twice_is_no_conflict(admin):
    drawn = admin.hidden(CLINIC)
    sent = [admin.client.post(CLINIC, data=drawn | DETAILS) for _ in range(2)]
    assert [one.status_code for one in sent] == [302, 302]


def test_a_week_changed_elsewhere_is_shown_beside_the_typed_one(app, desk):
    drawn = desk.hidden(HOURS, "week-") | {"csrf_token": desk.hidden(HOURS)["week-csrf_token"]}
    row = "week-day_0-ranges-0"
    hours = {f"{row}-start": "10:00", f"{row}-end": "12:00"}
    desk.send(HOURS, prefix="week-", **hours)
    mine = {f"{row}-start": "14:00", f"{row}-end": "18:00"}
    refused = desk.client.post(HOURS, data=drawn | mine)
    assert refused.status_code == 409
    assert shown(refused.text) == [("Monday", "14:00 – 18:00", "10:00 – 12:00")]
    again = desk.client.post(HOURS, data=hidden_in(refused.text) | mine)
    assert again.status_code == 302
    with app.app_context():
        found = therapist_hours(the_clinic_id(), "ines-duarte", now=NOW)
        assert [(one.weekday, one.start_minute) for one in found.weekly] == [(0, 14 * 60)]


def day_fields(start, end):
    row = "day-ranges-0"
    return {"day-on": ON.isoformat(), f"{row}-start": start, f"{row}-end": end}


def test_a_day_that_somebody_else_gave_hours_is_not_replaced_unseen(app, desk):
    drawn = desk.hidden(HOURS, "day-")
    desk.send(DAYS, page=HOURS, prefix="day-", **day_fields("09:00", "12:00"))
    refused = desk.client.post(DAYS, data=drawn | day_fields("15:00", "17:00"))
    assert refused.status_code == 409
    ((named, mine, theirs),) = shown(refused.text)
    assert (mine, theirs) == ("15:00 – 17:00", "09:00 – 12:00")
    assert "24 December 2026" in named
    again = desk.client.post(DAYS, data=hidden_in(refused.text) | day_fields("15:00", "17:00"))
    assert again.status_code == 302
    with app.app_context():
        found = therapist_hours(the_clinic_id(), "ines-duarte", now=NOW)
        assert found.overrides == (DayHours(ON, (HoursRange(15 * 60, 17 * 60),)),)


def test_a_day_that_the_page_showed_may_be_replaced(desk):
    for start in ("09:00", "10:00"):
        sent = desk.send(DAYS, page=HOURS, prefix="day-", **day_fields(start, "12:00"))
        assert sent.status_code == 302


def test_a_day_removed_elsewhere_can_be_set_again(app, desk):
    desk.send(DAYS, page=HOURS, prefix="day-", **day_fields("09:00", "12:00"))
    drawn = desk.hidden(HOURS, "day-")
    with app.app_context():
        clinic = the_clinic_id()
        admin_of = staff(type("Clinic", (), {"id": clinic}), Role.ADMIN)
        remove_day_override("ines-duarte", on=ON, actor=admin_of, now=NOW)
        session().rollback()
    assert desk.client.post(DAYS, data=drawn | day_fields("10:00", "12:00")).status_code == 302


def test_commands_and_other_rooms_have_no_form_that_could_be_old(app, house):
    with app.app_context():
        details = session_type_details(house, "initial-consultation")
        admin_of = staff(type("Clinic", (), {"id": house}), Role.ADMIN)
        update_session_type(details.slug, details=details, actor=admin_of, now=NOW)
