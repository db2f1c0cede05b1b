"""The pages of hours: a week, single days, time off, and when the clinic is closed."""

from datetime import date

import pytest

from clinic.practice.clinic.page_queries import closures_ahead, therapist_hours
from clinic.practice.rules.edit_commands import DayHours, HoursRange, WeeklyRange
from tests.support.factories import NOW
from tests.support.practice_client import CLOSURES, HOURS


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
