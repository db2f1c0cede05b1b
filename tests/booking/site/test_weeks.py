from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import current_app, g, session

from clinic.booking.site.weeks import reader_zone, week_page
from clinic.foundation.clock import clock
from tests.booking.test_display import labels
from tests.support.factories import NOW, make_appointment, make_practice, make_therapist
from tests.support.query_counting import count_queries

MIDNIGHT_TO_THREE = tuple((day, 0, 180) for day in range(7))


@pytest.fixture
def practice(context):
    return make_practice()


def page(practice, url="/book/times", *, method="GET", therapists=None, chosen=None, **fields):
    """The week that a request asks for, and what the visitor's session holds after it."""
    with current_app.test_request_context(url, method=method, data=fields or None):
        g.clinic, g.clinic_id = practice.clinic, practice.clinic.id
        if chosen:
            session["time_zone"] = chosen
        found = week_page(
            therapists or [practice.therapist],
            practice.session_type,
            endpoint="booking.times",
            parameters={"session_type": "initial-consultation"},
        )
        return found, dict(session)


def test_first_week_shown_is_that_of_the_next_free_time(practice):
    clock.freeze(datetime(2026, 11, 27, 16, 40, tzinfo=UTC))

    found, _ = page(practice)

    assert found["next_free"].value == "2026-11-30T09:00:00Z|ines-duarte"
    assert found["week_label"] == "30 November – 6 December"
    assert found["prev_url"] == "/book/times?week=2026-11-23&session_type=initial-consultation"
    assert found["next_url"] == "/book/times?week=2026-12-07&session_type=initial-consultation"
    assert found["next_week_url"] == (
        "/book/times?week=2026-11-30&session_type=initial-consultation"
    )
    assert found["zone_fields"] == {
        "session_type": "initial-consultation",
        "week": "2026-11-30",
    }


def test_there_is_no_way_before_this_week_and_none_past_the_horizon(practice):
    assert page(practice)[0]["prev_url"] is None
    last, _ = page(practice, "/book/times?week=2027-01-18")

    assert (last["week_label"], last["next_url"]) == ("18 – 24 January", None)
    assert labels(last["days"])["2027-01-22"][-1] == "16:30"


@pytest.mark.parametrize(
    ("week", "label"),
    [
        ("2026-11-30", "30 November – 6 December"),
        ("2026-12-03", "30 November – 6 December"),
        ("2026-01-01", "23 – 29 November"),
        ("2099-01-01", "18 – 24 January"),
        ("0001-01-01", "23 – 29 November"),
        ("9999-12-31", "23 – 29 November"),
        ("2026-02-30", "23 – 29 November"),
        ("", "23 – 29 November"),
        ("%00", "23 – 29 November"),
        ("x" * 10_000, "23 – 29 November"),
        ("-1", "23 – 29 November"),
        ("٢٠٢٦-١١-٣٠", "23 – 29 November"),
    ],
)
def test_any_week_asked_for_gives_a_week_that_can_be_booked(practice, week, label):
    found, _ = page(practice, f"/book/times?week={week}")

    assert found["week_label"] == label


@pytest.mark.parametrize(
    "zone",
    ["Mars/Base", "../etc/passwd", "", "%00", "x" * 10_000, "localtime", "Europe", "%ff"],
)
def test_zone_that_does_not_exist_changes_nothing(practice, zone):
    found, kept = page(practice, f"/book/times?time_zone={zone}")

    assert (found["zone"], kept) == ("Europe/Lisbon", {})


def test_zone_asked_for_is_kept_for_the_next_pages(practice):
    found, kept = page(practice, "/book/times?time_zone=Asia/Kathmandu")

    assert (found["zone"], found["zone_label"], found["zone_chosen"]) == (
        "Asia/Kathmandu",
        "Kathmandu",
        True,
    )
    assert kept == {"time_zone": "Asia/Kathmandu"}
    assert found["next_free"].label == "15:45"


def test_form_that_only_carries_the_zone_along_has_chosen_nothing(practice):
    _, carried = page(practice, method="POST", time_zone="Europe/Lisbon")
    _, chosen = page(practice, method="POST", time_zone="Asia/Tokyo")

    assert (carried, chosen) == ({}, {"time_zone": "Asia/Tokyo"})


def test_zones_offered_hold_the_readers_and_the_clinics(practice):
    found, _ = page(practice, chosen="Pacific/Kiritimati")

    names = [name for name, _label in found["zones"]]
    assert {"Pacific/Kiritimati", "Europe/Lisbon"} <= set(names)
    assert len(names) == len(set(names))


def test_times_stand_on_the_readers_clocks_and_dates(practice):
    found, _ = page(practice, "/book/times?week=2026-11-23", chosen="Pacific/Kiritimati")

    shown = labels(found["days"])
    assert sorted(shown) == [f"2026-11-{day}" for day in (24, 25, 26, 27, 28)]
    assert (shown["2026-11-24"][0], shown["2026-11-25"][0]) == ("00:00", "00:00")
    assert "2026-11-23" not in shown


def test_sunday_here_is_already_next_week_there(practice):
    clock.freeze(datetime(2026, 11, 29, 12, tzinfo=UTC))

    here, _ = page(practice, "/book/times?week=2026-11-23")
    there, _ = page(practice, "/book/times?week=2026-11-23", chosen="Pacific/Kiritimati")

    assert (here["week_label"], there["week_label"]) == (
        "23 – 29 November",
        "30 November – 6 December",
    )


def test_week_in_which_the_readers_clocks_go_back_shows_both_hours(practice):
    clock.freeze(datetime(2026, 10, 19, 9, tzinfo=UTC))
    night = make_therapist(
        practice.clinic,
        slug="night",
        session_types=[practice.session_type],
        hours=MIDNIGHT_TO_THREE,
    )

    found, _ = page(practice, "/book/times?week=2026-10-19", therapists=[night])

    assert labels(found["days"])["2026-10-25"] == [
        "00:00",
        "00:30",
        "01:00 UTC+1",
        "01:30 UTC+1",
        "01:00 UTC+0",
        "01:30 UTC+0",
        "02:00",
        "02:30",
    ]
    assert labels(found["days"])["2026-10-24"] == [
        "00:00", "00:30", "01:00", "01:30", "02:00", "02:30",
    ]  # fmt: skip


def test_therapists_change_of_clocks_shifts_the_times_of_a_reader_elsewhere(practice):
    clock.freeze(datetime(2026, 10, 19, 9, tzinfo=UTC))

    before, _ = page(practice, "/book/times?week=2026-10-19", chosen="Asia/Kathmandu")
    after, _ = page(practice, "/book/times?week=2026-10-26", chosen="Asia/Kathmandu")

    assert labels(before["days"])["2026-10-23"][0] == "13:45"
    assert labels(after["days"])["2026-10-26"][0] == "14:45"


def test_week_without_anything_free_says_when_the_next_is(practice):
    now = datetime(2026, 11, 27, 16, 40, tzinfo=UTC)
    clock.freeze(now)

    found, _ = page(practice, "/book/times?week=2026-11-23")

    assert labels(found["days"]) == {}
    assert found["next_week_url"].startswith("/book/times?week=2026-11-30")


def test_therapist_without_hours_has_no_next_time(practice):
    idle = make_therapist(practice.clinic, slug="idle", hours=())

    found, _ = page(practice, therapists=[idle])

    assert (found["next_free"], found["next_week_url"], labels(found["days"])) == (None, None, {})
    assert found["week_label"] == "23 – 29 November"


def test_a_week_costs_the_same_for_one_therapist_and_for_many(practice):
    kind = practice.session_type
    team = [make_therapist(practice.clinic, slug=f"t-{n}", session_types=[kind]) for n in range(5)]

    def cost(therapists):
        with count_queries() as seen:
            page(practice, therapists=therapists)
        return len(seen)

    for number in range(4):
        make_appointment(practice, NOW + timedelta(days=1, hours=number))
    cost([practice.therapist])

    assert [cost([practice.therapist]), cost([practice.therapist, *team])] == [14, 14]


def test_readers_zone_is_the_clinics_until_they_choose(practice):
    with current_app.test_request_context("/"):
        g.clinic = practice.clinic
        assert reader_zone() == "Europe/Lisbon"
        session["time_zone"] = "Asia/Tokyo"
        assert reader_zone() == "Asia/Tokyo"
