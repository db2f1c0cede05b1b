"""Questionnaires, the cycle and Transparency Windows (charts 6 to 8), as pages show them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from flask import render_template_string

from clinic.notes.charts.axis import Axis, Tick
from clinic.notes.charts.cycle import cycle_chart, partner_safe_cycle
from clinic.notes.charts.questionnaires import questionnaire_charts
from clinic.notes.charts.transparency_window import transparency_window
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart
from clinic.notes.rules.questionnaire_responses import from_answers, from_totals
from clinic.notes.rules.transparency_window import Happening
from clinic.practice.rules.instruments import parse_instrument
from tests.notes.charts.drawn import laid_out
from tests.support.factories import CLOSENESS, a_run

NAMES = {"A": "Alex", "B": "Sam"}
FILE = CLOSENESS.read_text(encoding="utf-8")
INSTRUMENT = parse_instrument(FILE)
SHELF = {("closeness", "2", "en"): INSTRUMENT}
CUT_OFF_AT_THE_TOP = {
    ("closeness", "2", "en"): parse_instrument(FILE.replace('"value": 13.5', '"value": 39'))
}
LOWER_IS_BETTER = {("closeness", "2", "en"): parse_instrument(FILE.replace("higher", "lower"))}
DAYS = [date(2026, 3, 3), date(2026, 3, 17), date(2026, 4, 14)]


def totals(value, partner="A"):
    return from_totals(INSTRUMENT, partner=partner, totals={"total": Fraction(value)})


def by_session(*held):
    ticks = tuple(Tick(float(at), at + 1, on) for at, on in enumerate(held))
    return Axis("session", float(len(held) - 1), ticks)


GAP = [
    (DAYS[0], totals("12.5")),
    (DAYS[1], from_answers(INSTRUMENT, partner="A", answers={"near": 4})),
    (DAYS[2], totals("20")),
    (DAYS[1], totals("30", "B")),
]
MANY = [(DAYS[0] + timedelta(days=n), totals(n * 7 % 40)) for n in range(20)]
BELOW_NOUGHT = [(DAYS[0], totals("0")), (DAYS[2], totals("0"))]
QUESTIONNAIRES = {
    "gap": (GAP, SHELF, None),
    "gap_by_session": (GAP, SHELF, by_session(DAYS[0], date(2026, 3, 31), DAYS[2])),
    "told_around_the_sessions": (GAP, SHELF, by_session(date(2026, 3, 10), date(2026, 3, 24))),
    "one_session": (GAP, SHELF, by_session(DAYS[1])),
    "no_session": (GAP, SHELF, by_session()),
    "definition_unknown": (GAP, {}, None),
    "one_response": (GAP[:1], SHELF, None),
    "many": (MANY, SHELF, None),
    "cut_off_at_the_top": (GAP, CUT_OFF_AT_THE_TOP, None),
    "lower_is_better": (GAP, LOWER_IS_BETTER, None),
    "all_the_same": (BELOW_NOUGHT, {}, None),
}


@pytest.mark.parametrize("language", ["en", "pt"])
@pytest.mark.parametrize("name", list(QUESTIONNAIRES))
def test_questionnaires_match_their_golden_file(app, golden, name, language):
    taken, shelf, axis = QUESTIONNAIRES[name]
    charts = questionnaire_charts(taken, definitions=shelf, partners=("A", "B"), axis=axis)
    page = """{% from 'notes/between_sessions/_questionnaires.html' import questionnaire_figure, questionnaire_body
      with context %}{% for one in charts %}{{ questionnaire_figure(one, names) }}{% endfor %}
      {% for one in responses %}{{ questionnaire_body(one, names) }}{% endfor %}"""

    with app.test_request_context("/", headers={"Accept-Language": language}):
        markup = render_template_string(
            page,
            charts=charts,
            responses=[details for _on, details in taken],
            names=NAMES,
        )

    golden(f"charts/questionnaires_{name}_{language}.html", laid_out(markup))


PARTS = (
    CyclePart("B", "Works late", "", "Irritation", "Shame", "", "withdrawer"),
    CyclePart("A", "Asks again", "I come last", need="A sign & a <word>"),
)
CYCLE = CycleDetails("Silence", "pursue_withdraw", PARTS)
CYCLES = {
    "whole": CYCLE,
    "seen_by_a": partner_safe_cycle(CYCLE, viewer="A"),
    "trigger_only": CycleDetails("Silence"),
    "third_part": CycleDetails("", None, (*PARTS, CyclePart("C", "Left"))),
}


@pytest.mark.parametrize("name", list(CYCLES))
def test_cycle_matches_its_golden_file(app, golden, name):
    page = """{% from 'notes/record/_cycle.html' import cycle_picture with context %}
      {{ cycle_picture(picture, names, 'Their cycle') }}"""

    with app.test_request_context("/"):
        picture = cycle_chart(CYCLES[name], partners=("A", "B"))
        markup = render_template_string(page, picture=picture, names=NAMES)

    golden(f"charts/cycle_{name}.html", laid_out(markup))


AGAIN = (Happening(340, "resume", waited_s=300), Happening(340, "tick", "B", 3))
ENDED = (Happening(600, "tick", "A", 3), Happening(600, "tick", "B", 3))
ONE_AFTER_THE_OTHER = tuple(
    Happening(t_s, "tick", who, (t_s // 50) % 5 + (who == "A") * 1)
    for t_s in range(350, 600, 10)
    for who in "AB"
)
PAUSES = (
    *AGAIN,
    Happening(400, "pause", "A"),
    Happening(400, "resume"),
    Happening(600, "tick", "B", 8),
)
WINDOWS = {
    "paused": ((), None),
    "ended": ((*AGAIN, *ENDED), None),
    "ended_seen_by_a": ((*AGAIN, *ENDED), "A"),
    "ended_seen_by_b": ((*AGAIN, *ENDED), "B"),
    "stopped": ((Happening(340, "stop"),), None),
    "stopped_later": ((*AGAIN, Happening(470, "stop")), None),
    "two_pauses": (PAUSES, None),
    "many_ratings": ((*AGAIN, *ONE_AFTER_THE_OTHER), None),
    "not_begun": (None, None),
}


@pytest.mark.parametrize("name", list(WINDOWS))
def test_transparency_window_matches_its_golden_file(app, golden, name):
    then, viewer = WINDOWS[name]
    run = a_run(log=()) if then is None else a_run(then=then)
    picture = transparency_window(run, partners=("A", "B"), viewer=viewer)
    page = """{% from 'notes/between_sessions/_windows.html' import window_picture, window_key,
      window_table with context %}{{ window_key(pic, names) }}
      {{ window_picture(pic, names, 'Window') }}{{ window_table(pic, names, 'Window') }}"""

    with app.test_request_context("/"):
        markup = render_template_string(
            page,
            pic=picture,
            names=NAMES,
        )

    golden(f"charts/window_{name}.html", laid_out(markup))
