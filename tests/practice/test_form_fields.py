from __future__ import annotations

from datetime import date, time

import pytest
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectField

from clinic.foundation.messages import message
from clinic.practice.form_fields import (
    CalendarDay,
    ClockTime,
    FieldDifference,
    PracticeForm,
    ZoneField,
    in_largest_unit,
    in_their_language,
    line,
    lines,
    many_of,
    number,
    unit,
)


class VisitForm(PracticeForm):
    """One field of each kind."""

    name = line("Name", needed=True)
    text = lines("Text")
    size = number("Size", needed=False)
    at = ClockTime("At")
    on = CalendarDay("On")
    zone = ZoneField("Zone")
    days = many_of("Days")
    kind = SelectField("Kind", choices={"a": "First", "b": "Second"})
    open = BooleanField("Open")
    notice_unit = unit()
    aliases = {"weekly.0": "days"}  # noqa: RUF012 - as the forms declare it


@pytest.fixture
def form(app):
    with app.test_request_context(method="POST"), force_locale("en_GB"):

        def read(**typed):
            found = VisitForm(formdata=MultiDict(typed), meta={"csrf": False})
            found.days.choices = {"0": "Monday", "1": "Tuesday"}
            found.validate()
            return found

        yield read


def test_texts_lose_the_spaces_around_them_and_their_returns(form):
    found = form(name="  Inês ", text=" one\r\ntwo ")

    assert (found.name.data, found.text.data) == ("Inês", "one\ntwo")


def test_numbers_times_and_dates_are_read(form):
    found = form(size="12", at="09:30", on="2026-12-01")

    assert (found.size.data, found.at.data, found.on.data) == (12, time(9, 30), date(2026, 12, 1))


def test_what_cannot_be_read_is_refused_at_its_field(form):
    errors = form(size="many", at="late", on="2026-02-30").errors

    assert {name: errors[name] for name in ("size", "at", "on")} == {
        "size": ["Please write a whole number."],
        "at": ["Please write a time such as 09:30."],
        "on": ["Please choose a date that exists."],
    }


@pytest.mark.parametrize(
    ("typed", "blank"), [({}, True), ({"at": " "}, True), ({"at": "x"}, False)]
)
def test_a_time_is_blank_when_nothing_was_typed(form, typed, blank):
    assert form(**typed).at.is_blank is blank


def test_zones_are_offered_by_region_and_what_was_sent_stays(form):
    found = form(zone="Mars/Olympus_Mons")
    found.zone.offer()

    assert found.zone.choices["Mars"] == {"Mars/Olympus_Mons": "Olympus Mons"}
    assert found.zone.choices["America"]["America/Argentina/Salta"] == "Argentina, Salta"
    assert [name for name in found.zone.choices if name in {"Etc", "US", "Other"}] == []


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        (0, (0, "hours")),
        (45, (45, "minutes")),
        (120, (2, "hours")),
        (2880, (2, "days")),
        (1500, (25, "hours")),
    ],
)
def test_minutes_are_written_in_the_fewest_whole_units(minutes, found):
    assert in_largest_unit(minutes) == found


def test_problems_are_put_at_their_fields_and_the_rest_above_the_form(form):
    found = form(name="x", kind="a", notice_unit="days", zone="UTC")
    found.show(
        {
            "name": ["Too long.", "Too long."],
            "weekly.0": [message("From %(low)s on.", low=1)],
            "nowhere": ["Something is wrong."],
        }
    )

    assert found.name.errors == ["Too long.", "Too long."]
    assert found.days.errors == ["From 1 on."]
    assert found.form_errors == ["Something is wrong."]
    assert found.status == 422


def test_a_form_nobody_refused_answers_with_200(form):
    assert PracticeForm(meta={"csrf": False}).status == 200


def test_what_was_changed_elsewhere_is_named_field_by_field_in_words(form):
    typed = form(version="1", name="Ana", kind="a", open="y", days="0")
    stored = form(version="2", name="Bia", kind="b", days="1")
    assert typed.seen == "1"
    typed.compare(stored)

    assert (typed.status, typed.version.data) == (409, "2")
    assert typed.differences == [
        FieldDifference("Name", "Ana", "Bia"),
        FieldDifference("Days", "Monday", "Tuesday"),
        FieldDifference("Kind", "First", "Second"),
        FieldDifference("Open", "Yes", "No"),
    ]


def test_a_form_without_a_version_has_seen_nothing(form):
    assert form(name="Ana").seen == ""


def test_sentences_are_told_in_the_language_of_the_reader(app):
    with app.test_request_context(), force_locale("pt_PT"):
        assert in_their_language("Please write a whole number.") != "Please write a whole number."
        assert in_their_language(message("%(low)s of 9", low=4)) == "4 of 9"
