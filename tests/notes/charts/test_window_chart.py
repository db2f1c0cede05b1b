"""Chart 8: the traces of a Transparency Window, its pauses, its table, and one partner's part."""

from __future__ import annotations

from clinic.notes.charts.shapes import Table
from clinic.notes.charts.window_chart import PauseMark, Trace, window_chart
from clinic.notes.rules.transparency_window import Happening
from tests.support.factories import a_run

BOTH = ("A", "B")
RESUMED = (
    Happening(340, "resume"),
    Happening(340, "tick", "B", 3),
    Happening(450, "tick", "A", 4),
    Happening(450, "tick", "B", 2),
)


def test_worked_example_taken_up_again_has_traces_parted_at_the_pause():
    chart = window_chart(a_run(then=RESUMED), partners=BOTH)

    assert chart.traces == (
        Trace("A", (((450, 4),),)),
        Trace("B", (((0, 3), (150, 5), (340, 6)), ((340, 3), (450, 2)))),
    )
    assert chart.pauses == (PauseMark(340, "rule", is_resumed=True),)
    assert (chart.duration_s, chart.limit, chart.ended_s) == (600, 5, 600)
    assert chart.table == Table(
        ("time", "A", "B", "happened"),
        (
            ("0:00", "—", "3", "start"),
            ("2:30", "—", "5", "—"),
            ("5:40", "—", "6", "pause, resume"),
            ("5:40", "—", "3", "—"),
            ("7:30", "4", "2", "—"),
        ),
    )


def test_window_that_stops_at_its_pause_ends_there():
    chart = window_chart(a_run(then=(Happening(340, "stop"),)), partners=BOTH)

    assert (chart.ended_s, chart.end_state) == (340, "stopped")
    assert chart.pauses == (PauseMark(340, "rule", is_resumed=False),)


def test_partner_sees_the_own_trace_the_pauses_and_the_end_and_nothing_of_the_other():
    chart = window_chart(a_run(then=RESUMED), partners=BOTH, viewer="A")

    assert chart.traces == (Trace("A", (((450, 4),),)),)
    assert chart.pauses == (PauseMark(340, None, is_resumed=True),)
    assert chart.table == Table(
        ("time", "A", "happened"),
        (("0:00", "—", "start"), ("5:40", "—", "pause, resume"), ("7:30", "4", "—")),
    )


def test_pause_is_told_once_and_none_when_the_time_is_up():
    then = (
        Happening(340, "pause", "A"),
        Happening(340, "resume"),
        Happening(600, "tick", "B", 8),
    )
    table = window_chart(a_run(then=then), partners=("B",)).table

    assert table.rows[2:] == (("5:40", "6", "pause, resume"), ("10:00", "8", "—"))


def test_window_not_begun_has_nothing_to_draw():
    chart = window_chart(a_run(log=()), partners=BOTH)

    assert [one.stretches for one in chart.traces] == [(), ()]
    assert (chart.end_state, chart.pauses, chart.table.rows) == ("not_started", (), ())
