from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from clinic.notes.ledger.figure_json import (
    episode_json,
    ratio_json,
    shown,
    shown_percent,
    trend_json,
)
from clinic.notes.ledger.ledger_figures import EpisodeRow, Ratio, Trend


def test_blank_is_a_dash_and_nought_is_nought():
    assert (shown(None), shown(0), shown(Fraction(-5, 7)), shown(2.5)) == (
        "—",
        "0",
        "−0.714",
        "2.5",
    )
    assert (shown_percent(None), shown_percent(Fraction(0))) == ("—", "0.0%")
    assert shown_percent(Fraction(1, 16)) == "6.3%"


OPENED, MENDED = date(2026, 3, 3), date(2026, 3, 24)


@pytest.mark.parametrize(
    ("row", "figures"),
    [
        (
            EpisodeRow("R-01", 1, OPENED, 1, None, "repaired", MENDED, 4, 21, 3),
            {
                "rupture": "R-01",
                "episode": 1,
                "opened": {"date": "2026-03-03", "session": 1},
                "repaired": {"date": "2026-03-24", "session": 4},
                "days": 21,
                "sessions": 3,
            },
        ),
        (
            EpisodeRow("R-01", 2, MENDED, 4, "trust_dip", None, None, None, None, None),
            {
                "rupture": "R-01",
                "episode": 2,
                "opened": {"date": "2026-03-24", "session": 4},
                "reason": "trust_dip",
                "open_since": "2026-03-24",
            },
        ),
        (
            EpisodeRow("R-02", 1, OPENED, None, None, "merged", MENDED, None, None, None),
            {
                "rupture": "R-02",
                "episode": 1,
                "opened": {"date": "2026-03-03", "session": None},
                "merged": {"date": "2026-03-24", "session": None},
            },
        ),
    ],
)
def test_episode_says_how_it_ended_or_since_when_it_is_open(row, figures):
    assert episode_json(row) == figures


@pytest.mark.parametrize(
    ("ratio", "figures"),
    [
        (
            Ratio(1, 1, 7, (1, 2)),
            {"received": 1, "partly": 1, "n": 7, "value": 0.2143, "shown": "21.4%"},
        ),
        (Ratio(0, 0, 0), {"received": 0, "partly": 0, "n": 0, "value": None, "shown": "—"}),
    ],
)
def test_ratio_is_given_with_its_n(ratio, figures):
    assert ratio_json(ratio) == figures


@pytest.mark.parametrize(
    ("trend", "figures"),
    [
        (Trend("A", Fraction(-5, 7), 6), {"slope": -0.714, "n": 6, "shown": "−0.714"}),
        (Trend("A", Fraction(0), 3), {"slope": 0.0, "n": 3, "shown": "0"}),
        (Trend("A", None, 2), {"slope": None, "n": 2, "shown": "—"}),
    ],
)
def test_trend_is_given_with_the_number_of_its_points(trend, figures):
    assert trend_json(trend) == figures
