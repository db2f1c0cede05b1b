"""Draw the pictures that several pages show: the ledger's, windows, questionnaires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinic.notes.between_sessions.questionnaires import StoredResponse, definitions
from clinic.notes.charts.axis import NARROW, WIDE, Axis
from clinic.notes.charts.open_ruptures import open_ruptures
from clinic.notes.charts.questionnaires import QuestionnaireChart, questionnaire_charts
from clinic.notes.charts.ratings import ratings_chart
from clinic.notes.charts.received_attempts import received_attempts
from clinic.notes.charts.rupture_lanes import rupture_lanes
from clinic.notes.charts.time_to_repair import lasting_episodes, time_to_repair
from clinic.notes.charts.transparency_window import transparency_window
from clinic.notes.course.stored_windows import StoredRun
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.record.open_record import Chart


def ledger_pictures(
    facts: LedgerInput, *, axis_kind: str, partners: Sequence[str], median_days: float | None
) -> dict[str, Any]:
    """Return charts 1 to 5 for the ledger's template, the ratings of `partners` alone."""
    return {
        "lanes": {
            "wide": rupture_lanes(facts, axis_kind=axis_kind, frame=WIDE),
            "narrow": rupture_lanes(facts, axis_kind=axis_kind, frame=NARROW),
        },
        "ratings": {
            one: ratings_chart(facts, partner=one, axis_kind=axis_kind) for one in partners
        },
        "open_ruptures": open_ruptures(facts, axis_kind=axis_kind),
        "time_to_repair": time_to_repair(facts, median=median_days),
        "lasting": lasting_episodes(facts),
        "received": [received_attempts(facts, partner=one) for one in facts.partners],
    }


def window_pictures(
    runs: Sequence[StoredRun], *, partners: tuple[str, ...], viewer: str | None = None
) -> list[dict[str, Any]]:
    """Return each run with its picture, for all or for one partner."""
    return [
        {
            "run": one,
            "picture": transparency_window(one.details, partners=partners, viewer=viewer),
        }
        for one in runs
    ]


def questionnaire_pictures(
    responses: Sequence[StoredResponse],
    *,
    chart: Chart,
    partners: Sequence[str],
    axis: Axis | None = None,
) -> tuple[QuestionnaireChart, ...]:
    """Return the charts of these partners, of the responses that are not marked as errors."""
    counted = [(one.taken_on, one.details) for one in responses if one.in_error is None]
    known = definitions(chart.clinic_id) if counted else {}
    return questionnaire_charts(counted, definitions=known, partners=partners, axis=axis)
