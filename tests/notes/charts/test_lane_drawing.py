"""Lanes on paper: the mended line, marks beside each other, what stands now."""

from __future__ import annotations

from datetime import date, timedelta

from clinic.notes.charts.lane_drawing import draw_lanes
from clinic.notes.charts.scales import NARROW, WIDE
from clinic.notes.charts.shapes import Axis, Band, Lane, LanesChart, Mark, Notch, Table, Tick

NO_TABLE = Table((), ())


def axis(count):
    first = date(2026, 3, 3)
    ticks = tuple(Tick(float(n), n + 1, first + timedelta(weeks=n)) for n in range(count))
    return Axis("session", float(max(count - 1, 0)), ticks)


def lane(**changes):
    values = {"ref": "R-01", "y": 0, "bands": (), "marks": (), "notches": ()}
    return Lane(**(values | changes))


def test_many_sessions_make_the_picture_wider_instead_of_tighter():
    drawn = draw_lanes(LanesChart(axis(100), (), NO_TABLE), frame=NARROW)
    assert drawn.width == NARROW.left + 99 * NARROW.per_session + NARROW.right


def test_what_stands_now_goes_on_past_the_last_session_and_a_mended_stretch_has_its_vein():
    bands = (Band(0, 2, "in_repair", 1, seam=False), Band(2, 4, "repaired", 1, seam=True))
    drawn = draw_lanes(LanesChart(axis(5), (lane(bands=bands),), NO_TABLE), frame=WIDE)
    first, last = drawn.lanes[0].bands
    assert (first.vein, last.vein.split()[0]) == ("", f"{last.x},{round(drawn.lanes[0].y, 1)}")
    assert last.x + last.width == round(drawn.right + WIDE.right * 0.75, 1)


def test_two_attempts_in_one_session_stand_beside_each_other():
    marks = tuple(Mark(1.0, r, "full", "A", at_home=False) for r in ("partly", "received"))
    drawn = draw_lanes(LanesChart(axis(3), (lane(marks=marks),), NO_TABLE), frame=WIDE)
    first, second = drawn.lanes[0].marks
    assert (second.x - first.x, first.y) == (17.0, second.y)


def test_a_notch_is_cut_where_it_opened_again():
    notch = Notch(1.0, 2, "trust_dip")
    drawn = draw_lanes(LanesChart(axis(3), (lane(notches=(notch,)),), NO_TABLE), frame=WIDE)
    found = drawn.lanes[0].notches[0]
    assert (found.episode, found.reason, found.points.count(",")) == (2, "trust_dip", 3)
