"""Pictures that stand both on the ledger and on a page of their own: windows and measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinic.notes.between_sessions.questionnaires import MeasureSeen, definitions
from clinic.notes.charts.questionnaire_chart import measure_charts
from clinic.notes.charts.questionnaire_drawing import draw_measure
from clinic.notes.charts.shapes import Axis
from clinic.notes.charts.window_chart import window_chart
from clinic.notes.charts.window_drawing import draw_window
from clinic.notes.course.stored_windows import RunSeen
from clinic.notes.record.access import Chart


def window_pictures(
    runs: Sequence[RunSeen], *, partners: tuple[str, ...], viewer: str | None = None
) -> list[dict[str, Any]]:
    """Each run with its chart and picture, for all or for one partner."""
    found = []
    for one in runs:
        chart = window_chart(one.details, partners=partners, viewer=viewer)
        picture = draw_window(chart, places=partners)
        found.append({"run": one, "chart": chart, "picture": picture})
    return found


def measure_pictures(
    responses: Sequence[MeasureSeen],
    *,
    chart: Chart,
    partners: Sequence[str],
    axis: Axis | None = None,
) -> list[dict[str, Any]]:
    """The charts of these partners with their pictures, of what counts."""
    taken = [(one.taken_on, one.details) for one in responses if one.in_error is None]
    shelf = definitions(chart.clinic_id) if taken else {}
    found = measure_charts(taken, shelf=shelf, partners=partners, axis=axis)
    return [{"chart": one, "picture": draw_measure(one)} for one in found]
