from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import g

from clinic.booking import display
from clinic.booking.appointments.changes import cancel_appointment
from clinic.booking.rules.contact_details import check_time_zone
from clinic.booking.slots.instant_ranges import Interval
from clinic.booking.slots.open_slots import Slot
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import transaction
from clinic.practice.models import Clinic, Therapist
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
INES = Therapist(slug="ines-duarte", name="Inês Duarte")
DANIEL = Therapist(slug="daniel-reyes", name="Daniel Reyes")


@pytest.fixture(params=["en"])
def reader(app, request):
    """A request in this language."""
    with app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


in_portuguese = pytest.mark.parametrize("reader", ["pt"], indirect=True)


def slot(start, minutes=30):
    return Slot(start, start + timedelta(minutes=minutes))


def labels(days):
    """Date -> what its chips say, with their notes."""
    return {
        day.iso: [
            f"{one.label} {one.note}".strip()
            for part in (day.morning, day.afternoon, day.evening)
            for one in part
        ]
        for day in days
        if day.morning or day.afternoon or day.evening
    }


def test_chip_names_the_instant_and_whose_it_is_on_the_readers_clocks(reader):
    assert display.chip(INES, slot(TEN), zone="Asia/Kathmandu") == display.Chip(
        value="2026-11-24T10:00:00Z|ines-duarte",
        iso="2026-11-24T15:45+05:45",
        label="15:45",
        day="Tuesday 24 November",
        zone="Kathmandu",
        note="",
    )


@in_portuguese
def test_chip_speaks_the_readers_language(reader):
    assert display.chip(INES, slot(TEN), zone="Europe/Lisbon").day == "terça-feira, 24 de novembro"


@in_portuguese
def test_weekday_and_date_of_a_week_are_joined_as_the_language_does(reader):
    assert display.week_of(date(2026, 11, 23), [], zone="UTC")[1].whole == (
        "terça-feira, 24 de novembro"
    )


def test_day_is_divided_at_noon_and_at_five(reader):
    starts = [TEN, TEN.replace(hour=11, minute=59), TEN.replace(hour=12)]
    starts += [TEN.replace(hour=16, minute=59), TEN.replace(hour=17)]

    week = display.week_of(date(2026, 11, 23), [(INES, slot(one)) for one in starts], zone="UTC")

    tuesday = week[1]
    assert (tuesday.iso, tuesday.weekday, tuesday.date) == ("2026-11-24", "Tuesday", "24 November")
    assert [
        [one.label for one in part]
        for part in (tuesday.morning, tuesday.afternoon, tuesday.evening)
    ] == [
        ["10:00", "11:59"],
        ["12:00", "16:59"],
        ["17:00"],
    ]
    assert [one.label for one in tuesday.times] == ["10:00", "11:59", "12:00", "16:59", "17:00"]


def test_week_has_seven_days_and_leaves_out_what_lies_beside_it(reader):
    beside = [TEN - timedelta(days=2), TEN + timedelta(days=6)]

    week = display.week_of(date(2026, 11, 23), [(INES, slot(one)) for one in beside], zone="UTC")

    assert [day.iso for day in week] == [f"2026-11-{number}" for number in range(23, 30)]
    assert labels(week) == {}


def test_two_therapists_free_at_one_time_make_one_chip_of_the_clinics_first(reader):
    pairs = [(INES, slot(TEN)), (DANIEL, slot(TEN)), (DANIEL, slot(TEN + HALF_HOUR))]

    week = display.week_of(date(2026, 11, 23), pairs, zone="UTC")

    assert [one.value for one in week[1].morning] == [
        "2026-11-24T10:00:00Z|ines-duarte",
        "2026-11-24T10:30:00Z|daniel-reyes",
    ]


def test_night_when_clocks_go_back_shows_equal_times_with_their_offsets(reader):
    midnight = datetime(2026, 10, 24, 23, tzinfo=UTC)
    pairs = [(INES, slot(midnight + number * HALF_HOUR)) for number in range(8)]

    week = display.week_of(date(2026, 10, 19), pairs, zone="Europe/Lisbon")

    assert labels(week) == {
        "2026-10-25": [
            "00:00",
            "00:30",
            "01:00 UTC+1",
            "01:30 UTC+1",
            "01:00 UTC+0",
            "01:30 UTC+0",
            "02:00",
            "02:30",
        ]
    }


def test_time_that_comes_twice_says_which_it_is_even_when_the_other_is_taken(reader):
    later = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)

    week = display.week_of(date(2026, 10, 19), [(INES, slot(later))], zone="Europe/Lisbon")

    assert labels(week) == {"2026-10-25": ["01:30 UTC+0"]}


def test_night_when_clocks_go_forward_shows_no_time_that_does_not_exist(reader):
    midnight = datetime(2027, 3, 28, 0, tzinfo=UTC)
    pairs = [(INES, slot(midnight + number * HALF_HOUR)) for number in range(4)]

    week = display.week_of(date(2027, 3, 22), pairs, zone="Europe/Lisbon")

    assert labels(week) == {"2027-03-28": ["00:00", "00:30", "02:00", "02:30"]}


def test_reader_a_day_ahead_sees_their_own_dates(reader):
    sunday_noon = datetime(2026, 11, 29, 12, tzinfo=UTC)

    assert display.monday_of(sunday_noon, zone="Europe/Lisbon") == date(2026, 11, 23)
    assert display.monday_of(sunday_noon, zone="Pacific/Kiritimati") == date(2026, 11, 30)
    week = display.week_of(
        date(2026, 11, 30), [(INES, slot(sunday_noon))], zone="Pacific/Kiritimati"
    )
    assert labels(week) == {"2026-11-30": ["02:00"]}


@pytest.mark.parametrize(
    ("monday", "zone", "start", "end"),
    [
        ("2026-10-19", "Europe/Lisbon", "2026-10-18T23:00", "2026-10-26T00:00"),
        ("2027-03-22", "Europe/Lisbon", "2027-03-22T00:00", "2027-03-28T23:00"),
        ("2026-11-23", "Asia/Kathmandu", "2026-11-22T18:15", "2026-11-29T18:15"),
        ("2026-11-23", "Pacific/Kiritimati", "2026-11-22T10:00", "2026-11-29T10:00"),
    ],
)
def test_window_of_a_week_is_of_the_readers_calendar(monday, zone, start, end):
    window = display.week_window(date.fromisoformat(monday), zone=zone)

    def instant(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert window == Interval(instant(start), instant(end))


@pytest.mark.parametrize(
    ("monday", "label"),
    [("2026-11-23", "23 – 29 November"), ("2026-11-30", "30 November – 6 December")],
)
def test_week_is_called_by_its_ends(reader, monday, label):
    assert display.week_label(date.fromisoformat(monday)) == label


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("UTC", "UTC+0"),
        ("Asia/Kathmandu", "UTC+5:45"),
        ("America/St_Johns", "UTC-3:30"),
        ("America/New_York", "UTC-5"),
    ],
)
def test_offset_is_told_in_hours_and_minutes(zone, said):
    assert display.offset_text(TEN.astimezone(ZoneInfo(zone))) == said


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ("2026-11-24T10:00:00Z|ines-duarte", TEN),
        ("2026-11-24T10:00+00:00|ines-duarte", TEN),
        ("2026-11-24T15:45:00+05:45|ines-duarte", TEN),
    ],
)
def test_choice_is_an_instant_and_a_therapist(sent, instant):
    assert display.parse_choice(sent) == (instant, "ines-duarte")


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "|",
        "2026-11-24T10:00:00Z",
        "2026-11-24T10:00:00Z|",
        "2026-11-24T10:00:00|ines-duarte",
        "2026-02-30T10:00:00Z|ines-duarte",
        "0001-01-01T00:00:00Z|ines-duarte",
        "9999-12-31T23:59:59Z|ines-duarte",
        "9999-12-31T23:59:59-23:59|ines-duarte",
        "2026-11-24T10:00:00Z|ines\x00",
        "2026-11-24T10:00:00Z|Inês",
        "\x00|ines-duarte",
        "x" * 10_000,
        "2026-11-24T10:00:00Z|" + "x" * 10_000,
    ],
)
def test_anything_else_is_no_choice(sent):
    assert display.parse_choice(sent) is None


def test_zones_offered_exist_and_name_each_once():
    offered = display.zone_choices("Asia/Kathmandu", "Pacific/Kiritimati", "Europe/Lisbon")

    names = [name for name, _label in offered]
    assert [name for name in names if check_time_zone(name)] == []
    assert len(names) == len(set(names))
    assert offered[-1] == ("Pacific/Kiritimati", "Pacific / Kiritimati")
    assert ("America/New_York", "America / New York") in offered


@pytest.fixture
def practice(app):
    with app.test_request_context():
        made = make_practice()
        with transaction() as current:
            clinic = current.get_one(Clinic, made.clinic.id)
            clinic.address = "Rua do Exemplo 12"
        g.clinic = clinic
        yield made


def test_appointment_is_told_in_the_readers_words_and_zone(practice):
    appointment = make_appointment(practice, TEN)

    assert display.summarise(appointment, zone="Asia/Tokyo") == display.Summary(
        when="Tuesday 24 November, 19:00",
        day="Tuesday 24 November",
        start="19:00",
        until="19:30",
        iso="2026-11-24T19:00+09:00",
        zone="Tokyo",
        therapist="Inês Duarte",
        session_type="Initial consultation",
        minutes=30,
        format="Online, by video",
        place="",
        reference=appointment.reference,
        status="booked",
        status_kind="ok",
    )


def test_place_is_told_when_they_come_to_the_clinic(practice):
    appointment = make_appointment(practice, TEN, format="in_person")

    summary = display.summarise(appointment, zone="Europe/Lisbon")

    assert (summary.format, summary.place) == ("At the clinic", "Rua do Exemplo 12")


def test_appointment_that_has_ended_is_past(practice):
    appointment = make_appointment(practice, TEN)

    def status():
        summary = display.summarise(appointment, zone="UTC")
        return summary.status, summary.status_kind

    clock.freeze(TEN + HALF_HOUR - timedelta(microseconds=1))
    assert status() == ("booked", "ok")
    clock.freeze(TEN + HALF_HOUR)
    assert status() == ("past", "")
    clock.freeze(NOW)
    cancel_appointment(appointment.id, actor=practice.desk, now=NOW)
    assert status() == ("cancelled", "danger")


def test_therapist_on_a_card(reader):
    therapist = Therapist(
        slug="ines-duarte",
        name="Inês Maria Duarte",
        title={"en": "Couple therapy", "pt": "Terapia de casal"},
        biography={"pt": "Só em português."},
        languages=["en", "pt"],
        formats=["online", "in_person"],
    )

    assert display.card(therapist, slots=[slot(TEN)], zone="UTC", times_url="/t") == {
        "name": "Inês Maria Duarte",
        "slug": "ines-duarte",
        "title": "Couple therapy",
        "intro": "Só em português.",
        "initials": "IM",
        "languages": "English, Portuguese",
        "formats": "Online, by video · At the clinic",
        "next_times": [display.chip(therapist, slot(TEN), zone="UTC")],
        "times_url": "/t",
    }


def test_unknown_formats_and_languages_are_shown_as_they_are(reader):
    assert (display.format_name("walk"), display.language_name("xx")) == ("walk", "Xx")
