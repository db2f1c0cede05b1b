"""The ledger's charts 1 to 5 of whole courses, as the page shows them: figure by figure."""

from __future__ import annotations

import pytest
from flask import render_template_string

from clinic.notes.charts.lane_drawing import draw_lanes
from clinic.notes.charts.ledger_charts import dot_chart, lanes_chart, lines_chart, step_chart
from clinic.notes.charts.ledger_drawing import draw_dots, draw_partner, draw_steps
from clinic.notes.charts.scales import NARROW, WIDE
from clinic.notes.ledger.ledger import build_ledger
from tests.notes.charts.drawn import DRAWN_COURSES, laid_out

NAMES = {"A": "Alex", "B": "Sam"}
PAGE = """
{% from 'notes/record/_ledger_charts.html' import lanes_picture, partner_picture, key_line,
   steps_picture, dots_picture, table_of with context %}
<h2>lanes</h2>
{{ lanes_picture(wide, names, {}, 'Lanes', 'wide-only') }}
{{ lanes_picture(narrow, names, {}, 'Lanes', 'narrow-only') }}
{{ table_of(lanes_table, 'Lanes', lanes_table.head) }}
<h2>ratings</h2>
{{ key_line('felt_safety') }}{{ key_line('defensiveness') }}{{ key_line('regulation') }}
{% for slot, pic in partners %}{{ partner_picture(pic, names[slot]) }}{% endfor %}
{{ table_of(lines_table, 'Ratings', lines_table.head) }}
<h2>steps</h2>
{{ steps_picture(steps) }}{{ table_of(steps_table, 'Steps', steps_table.head) }}
<h2>dots</h2>
{{ dots_picture(dots) }}{{ table_of(dots_table, 'Dots', dots_table.head) }}
"""


def rendered(facts, axis):
    lanes, lines = lanes_chart(facts, axis_kind=axis), lines_chart(facts, axis_kind=axis)
    steps, dots = step_chart(facts, axis_kind=axis), dot_chart(facts)
    return render_template_string(
        PAGE,
        names=NAMES,
        wide=draw_lanes(lanes, frame=WIDE),
        narrow=draw_lanes(lanes, frame=NARROW),
        lanes_table=lanes.table,
        partners=[(one, draw_partner(lines, partner=one)) for one in facts.partners],
        lines_table=lines.table,
        steps=draw_steps(steps),
        steps_table=steps.table,
        dots=draw_dots(dots, median=build_ledger(facts).median_days),
        dots_table=dots.table,
    )


BY_DATE = ("empty", "no_session_yet", "one_session", "backdated_event", "many_sessions")


@pytest.mark.parametrize(
    ("name", "axis"),
    [*((one, "session") for one in DRAWN_COURSES), *((one, "date") for one in BY_DATE)],
)
def test_charts_of_a_course_match_their_golden_file(app, golden, name, axis):
    with app.test_request_context("/"):
        markup = rendered(DRAWN_COURSES[name], axis)

    golden(f"charts/ledger_{name}_{axis}.html", laid_out(markup))
