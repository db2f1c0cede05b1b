from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale

from clinic.foundation.texts import localized_dates as dates

TUESDAY = date(2026, 12, 1)
START = datetime(2026, 12, 1, 10, tzinfo=UTC)


@pytest.fixture
def in_language(app):
    def call(language, function, *args, **options):
        with app.test_request_context(), force_locale(language):
            return function(*args, **options)

    return call


@pytest.mark.parametrize(
    ("function", "english", "portuguese"),
    [
        (dates.day_text, "Tuesday 1 December", "terça-feira, 1 de dezembro"),
        (dates.day_year_text, "Tuesday 1 December 2026", "terça-feira, 1 de dezembro de 2026"),
        (dates.short_day_text, "1 December", "1 de dezembro"),
        (dates.column_day_text, "Tue 1", "ter 1"),
        (dates.month_text, "December 2026", "dezembro de 2026"),
        (dates.weekday_text, "Tuesday", "terça-feira"),
    ],
)
def test_dates_are_written_in_the_language_of_the_reader(
    function, english, portuguese, in_language
):
    assert in_language("en_GB", function, TUESDAY) == english
    assert in_language("pt_PT", function, TUESDAY) == portuguese


def test_an_unknown_language_is_written_in_the_english_order(in_language):
    assert in_language("fr", dates.short_day_text, TUESDAY) == "1 décembre"


def test_clocks_show_the_time_of_the_zone(in_language):
    assert in_language("en_GB", dates.clock_text, START, zone="America/New_York") == "05:00"


def test_a_day_with_its_clock_is_the_day_of_the_zone(in_language):
    late = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)

    assert in_language("en_GB", dates.day_and_clock_text, late, zone="Europe/Berlin") == (
        "Wednesday 2 December, 00:30"
    )


def test_an_appointment_names_its_day_its_times_and_the_place_of_the_zone(in_language):
    end = datetime(2026, 12, 1, 10, 30, tzinfo=UTC)

    assert in_language("en_GB", dates.when_text, START, zone="Europe/Lisbon", end=end) == (
        "Tuesday 1 December 2026, 10:00 – 10:30 (Lisbon)"
    )
    assert in_language("pt_PT", dates.when_text, START, zone="Europe/Lisbon") == (
        "terça-feira, 1 de dezembro de 2026, 10:00 (Lisboa)"
    )


@pytest.mark.parametrize(
    ("zone", "english", "portuguese"),
    [
        ("America/New_York", "New York", "Nova Iorque"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires", "Buenos Aires"),
        ("UTC", "UTC", "UTC"),
    ],
)
def test_the_place_of_a_zone_has_a_name_in_each_language(zone, english, portuguese, in_language):
    assert in_language("en_GB", dates.place_of, zone) == english
    assert in_language("pt_PT", dates.place_of, zone) == portuguese
