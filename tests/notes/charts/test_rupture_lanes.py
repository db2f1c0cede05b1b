"""Chart 1: states as bands, the mended line of gold, attempts beside each other, reopenings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from clinic.notes.charts import svg
from clinic.notes.charts.axis import NARROW, WIDE
from clinic.notes.charts.picture import Table
from clinic.notes.charts.rupture_lanes import rupture_lanes
from clinic.notes.ledger.build_ledger import AttemptFact, LedgerInput
from tests.notes.charts.drawn import DRAWN_COURSES, marks_of
from tests.notes.charts.short_course import COURSE, DAYS, FRESH


def attributes(picture, css, *names):
    return [tuple(one.attributes[name] for name in names) for one in marks_of(picture, css)]


def test_each_state_is_a_band_and_what_stands_now_goes_on_past_the_last_session():
    picture = rupture_lanes(COURSE)

    assert [one.title for one in picture.marks[4].marks if one.title] == [
        ("band", "in_repair", 1),
        ("band", "repaired", 1),
        ("band", "reopened", 2),
        ("reopened", "trust_dip"),
        ("attempt", "A", "partly", False),
    ]
    assert attributes(picture, "hull", "x", "width") == [
        (76.0, 273.3),
        (896.0, 63.0),
        (622.7, 336.3),
    ]
    assert attributes(picture, "bed", "x1", "x2") == [(349.3, 896.0)]


def test_repaired_stretch_has_a_line_of_gold_from_its_start_to_its_end():
    [gold] = marks_of(rupture_lanes(COURSE), "gold")
    points = gold.attributes["points"].split()

    assert (points[0], points[-1]) == ("349.3,54.1", "896.0,54.1")
    assert points[1:3] == ["365.3,52.5", "394.3,56.0"]


def test_closed_and_parked_stretches_have_shapes_of_their_own():
    picture = rupture_lanes(DRAWN_COURSES["parked_by_a_safety_flag"])

    assert len(marks_of(picture, "dots")) == 2
    assert len(marks_of(picture, "closed")) == len(marks_of(picture, "closed end")) == 1


def test_status_is_written_only_where_there_is_room_for_it():
    wide, narrow = rupture_lanes(COURSE, frame=WIDE), rupture_lanes(COURSE, frame=NARROW)

    assert [one.words for one in marks_of(wide, "band-name")] == [
        ("status", "in_repair"), ("status", "repaired"), ("status", "reopened"), ("status", "open"),
    ]  # fmt: skip
    assert ("status", "reopened") not in [one.words for one in marks_of(narrow, "band-name")]


def test_attempts_in_one_session_stand_beside_each_other_and_at_home_is_another_shape():
    twice = AttemptFact("received", 1, DAYS[0], ("own_part",), "A", "R-01")
    picture = rupture_lanes(replace(COURSE, attempts=(*COURSE.attempts, twice)))

    assert attributes(picture, "by", "x") == [(76.0,), (93.0,), (759.3,)]
    assert [one.shape for one in marks_of(picture, "ring")] == ["circle", "circle", "rect"]
    [home] = marks_of(picture, "mark full home")
    assert home.title == ("attempt", "B", "received", True)


def test_receipts_differ_by_shape():
    receipts = ("received", "partly", "ignored", "rejected")
    attempts = tuple(AttemptFact(one, 3, DAYS[2], (), "A", "R-02") for one in receipts)
    picture = rupture_lanes(LedgerInput("C-1", COURSE.sessions, (FRESH,), attempts))

    shapes = {
        css: [one.attributes.get("class") for one in marks_of(picture, css)[0].marks]
        for css in ("mark full", "mark half", "mark empty", "mark crossed")
    }

    assert shapes == {
        "mark full": ["ring", "by"],
        "mark half": ["ring", "fill", "by"],
        "mark empty": ["ring", "by"],
        "mark crossed": ["ring", "cross", "by"],
    }


def test_notch_is_cut_where_it_opened_again():
    corners = [(890.0, 45.1), (896.0, 55.1), (902.0, 45.1)]

    assert marks_of(rupture_lanes(COURSE), "notch") == [
        svg.group(
            "notch",
            svg.polyline("cut-out", corners),
            svg.polyline("cut", corners),
            title=("reopened", "trust_dip"),
        )
    ]


def test_table_has_a_row_for_each_state_with_the_attempts_in_it():
    assert rupture_lanes(COURSE).table == Table(
        ("rupture", "episode", "status", "from", "until", "attempts"),
        (
            ("R-01", "1", "open", "2026-03-03", "2026-03-03", "—"),
            ("R-01", "1", "in_repair", "2026-03-03", "2026-03-10", "partly"),
            ("R-01", "1", "repaired", "2026-03-10", "2026-03-31", "—"),
            ("R-01", "2", "reopened", "2026-03-31", "—", "—"),
            ("R-02", "1", "open", "2026-03-17", "—", "received"),
        ),
    )


def test_many_sessions_make_the_picture_wider_instead_of_tighter():
    picture = rupture_lanes(DRAWN_COURSES["many_sessions"], frame=NARROW)

    assert picture.width == NARROW.left + 25 * NARROW.per_session + NARROW.right


def test_rupture_before_any_session_still_has_its_lane_and_no_rupture_an_axis():
    early = rupture_lanes(LedgerInput("C-1", ruptures=(FRESH,)))

    assert attributes(early, "hull", "x", "width") == [(76.0, 3.0)]
    assert [one.attributes["class"] for one in rupture_lanes(LedgerInput("C-1")).marks] == ["axis"]
    assert early.table.rows == (("R-02", "1", "open", date(2026, 3, 17).isoformat(), "—", "—"),)
