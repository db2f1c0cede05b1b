"""The ledger's page: the couple's ruptures as lanes, each partner's lines, what lands."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.between_sessions.questionnaires import list_measures
from clinic.notes.charts.axis import Axis, axis_of
from clinic.notes.charts.cycle import CycleChart, cycle_chart, partner_safe_cycle
from clinic.notes.charts.questionnaires import QuestionnaireChart
from clinic.notes.course.load_course import Course
from clinic.notes.ledger.build_ledger import build_ledger
from clinic.notes.ledger.ledger_facts import LedgerInput
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.ledger_pictures import (
    ledger_pictures,
    questionnaire_pictures,
    window_pictures,
)
from clinic.notes.pages.overview import couple_ledger, cycle_versions
from clinic.notes.redaction.partner_course import partner_safe

ledger_pages = Blueprint("ledger", __name__, url_prefix="/desk/couples")


@ledger_pages.get("/<code>/ledger")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> str:
    """The ledger; `axis=date` by days, `for=partner[&viewer=A]` what partners may see."""
    course, _ledger = couple_ledger(code, actor=current_actor(), now=clock.now())
    axis = "date" if request.args.get("axis") == "date" else "session"
    facts, safe = course.facts(), request.args.get("for") == "partner"
    viewer = request.args.get("viewer") if request.args.get("viewer") in facts.partners else None
    if safe:
        facts = partner_safe(facts, viewer=viewer)
    ledger = build_ledger(facts)
    inside = [value for _n, values in ledger.recoveries for _p, value in values]
    return render_template(
        "notes/record/ledger.html",
        chart=course.chart,
        names=first_names(course.chart.names),
        titles={one.ref: one.title for one in facts.ruptures},
        safe=safe,
        viewer=viewer,
        axis=axis,
        ledger=ledger,
        windows=_windows(course, safe=safe, viewer=viewer),
        questionnaires=_questionnaires(
            course, axis=axis_of(facts, kind=axis), safe=safe, viewer=viewer
        ),
        told_inside=any(v is not None for v in [*inside, *(gap for _n, gap in ledger.gaps)]),
        cycle=_cycle(code, facts, viewer=viewer, safe=safe),
        **ledger_pictures(
            facts,
            axis_kind=axis,
            partners=[one for one in facts.partners if not safe or one == viewer],
            median_days=ledger.median_days,
        ),
    )


def _cycle(code: str, facts: LedgerInput, *, viewer: str | None, safe: bool) -> CycleChart | None:
    for latest in cycle_versions(code, actor=current_actor(), now=clock.now())[:1]:
        shown = partner_safe_cycle(latest.details, viewer=viewer) if safe else latest.details
        return cycle_chart(shown, partners=facts.partners)
    return None


def _windows(course: Course, *, safe: bool, viewer: str | None) -> list[dict[str, Any]]:
    """The windows that were held, newest first; for partners none without a viewer."""
    if safe and viewer is None:
        return []
    held = [one for one in reversed(course.runs) if one.state.end_state != "not_started"]
    return window_pictures(held, partners=course.chart.members, viewer=viewer if safe else None)


def _questionnaires(
    course: Course, *, axis: Axis, safe: bool, viewer: str | None
) -> tuple[QuestionnaireChart, ...]:
    """Return the partners' questionnaires; for partners the viewer's own alone."""
    chart = course.chart
    if not is_allowed(current_actor(), Permission.READ_MEASURE, chart):
        return ()
    shown = tuple(slot for slot in chart.members if not safe or slot == viewer)
    responses = list_measures(chart.couple_id) if shown else ()
    return questionnaire_pictures(responses, chart=chart, partners=shown, axis=axis)
