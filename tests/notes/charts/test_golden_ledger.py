"""The ledger's charts 1 to 5 of whole courses, as the page shows them: figure by figure."""

from __future__ import annotations

import pytest
from flask import render_template_string

from clinic.notes.charts.axis import NARROW, WIDE
from clinic.notes.charts.open_ruptures import open_ruptures
from clinic.notes.charts.ratings import ratings_chart
from clinic.notes.charts.rupture_lanes import rupture_lanes
from clinic.notes.charts.time_to_repair import time_to_repair
from clinic.notes.ledger.build_ledger import build_ledger
from tests.notes.charts.drawn import DRAWN_COURSES, laid_out

NAMES = {"A": "Alex", "B": "Sam"}
PAGE = """
{% from 'notes/record/_ledger_charts.html' import lanes_picture, ratings_picture, rating_key,
   open_picture, repair_picture, table_of with context %}
<h2>lanes</h2>
{{ lanes_picture(wide, names, 'Lanes', 'wide-only') }}
{{ lanes_picture(narrow, names, 'Lanes', 'narrow-only') }}
{{ table_of(wide.table, 'Lanes', wide.table.head) }}
<h2>ratings</h2>
{% for key in partners[0][1].key %}{{ rating_key(key) }}{% endfor %}
{% for slot, pic in partners %}{{ ratings_picture(pic, names[slot]) }}{% endfor %}
{{ table_of(partners[0][1].table, 'Ratings', partners[0][1].table.head) }}
<h2>steps</h2>
{{ open_picture(open) }}{{ table_of(open.table, 'Steps', open.table.head) }}
<h2>dots</h2>
{{ repair_picture(repair) }}{{ table_of(repair.table, 'Dots', repair.table.head) }}
"""


def rendered(facts, axis):
    return render_template_string(
        PAGE,
        names=NAMES,
        wide=rupture_lanes(facts, axis_kind=axis, frame=WIDE),
        narrow=rupture_lanes(facts, axis_kind=axis, frame=NARROW),
        partners=[
            (one, ratings_chart(facts, partner=one, axis_kind=axis)) for one in facts.partners
        ],
        open=open_ruptures(facts, axis_kind=axis),
        repair=time_to_repair(facts, median=build_ledger(facts).median_days),
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
