"""The couple's Transparency Windows: the list with its pictures, and writing one down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id
from clinic.foundation.errors import Conflict, InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts
from clinic.notes.between_sessions.window_form import RunTyped, blank_rows, read_run
from clinic.notes.between_sessions.window_runs import add_run, runs_page
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.ledger_pictures import window_pictures
from clinic.notes.pages.overview import names_of
from clinic.notes.record.open_record import find_chart
from clinic.notes.rules.clinical_checks import refuse
from clinic.notes.rules.transparency_window import run_problems, window_rules

exercise_pages = Blueprint("exercises", __name__, url_prefix="/desk/couples")

Page = str | tuple[str, int]


@exercise_pages.get("/<code>/windows")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> str:
    """The couple's windows, newest first."""
    return _list_page(code)


@exercise_pages.get("/<code>/windows/new")
@requires(Permission.OPEN_CHARTS)
def new(code: str) -> str:
    """The page to write one down."""
    return _form_page(code)


@exercise_pages.post("/<code>/windows/new")
@requires(Permission.OPEN_CHARTS)
def add(code: str) -> AnyResponse | Page:
    """Store the window that was written down."""
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    typed = read_run(request.form, members=chart.members)
    try:
        refuse_unkeepable_texts()
        happened_on = _day()
        _check(typed, happened_on=happened_on, today=chart.day(now), members=chart.members)
        key = request.form.get("key", "")[:64]
        add_run(code, typed.details, happened_on=happened_on, key=key, actor=actor, now=now)
    except (InvalidInput, Conflict) as refused:
        return _form_page(code, refused=refused, typed=typed), refused.status
    flash(_("The window is in the record."), "ok")
    return redirect(url_for("exercises.show", code=code))


def _list_page(code: str) -> str:
    actor = current_actor()
    page = runs_page(code, actor=actor, now=clock.now())
    return render_template(
        "notes/between_sessions/windows.html",
        chart=page.chart,
        names=first_names(page.chart.names),
        windows=window_pictures(page.runs, partners=page.chart.members),
        is_blocked=page.is_blocked,
        people=names_of([one.author for one in page.runs], clinic_id=actor.clinic_id),
        can_write=is_allowed(actor, Permission.WRITE_CHART, page.chart),
        limit=window_rules().threshold,
    )


def _form_page(code: str, *, typed: RunTyped | None = None, **more: Any) -> str:
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    page = runs_page(code, actor=actor, now=now)
    values: dict[str, Any] = {
        "chart": chart,
        "names": first_names(chart.names),
        "is_blocked": page.is_blocked,
        "rows": typed.rows if typed else blank_rows(chart.members),
        "details": typed.details if typed else None,
        "typed": request.form,
        "rules": window_rules(),
        "today": chart.day(now),
        "key": new_id(),
        "refused": None,
    }
    return render_template("notes/between_sessions/window_new.html", **(values | more))


def _check(typed: RunTyped, *, happened_on: date, today: date, members: Sequence[str]) -> None:
    """Refuse what is wrong with the rows first, then what the rules refuse, told at the rows."""
    problems = run_problems(typed.details, happened_on=happened_on, today=today, members=members)
    rows = typed.row_problems()
    plain = [one for one in problems if not one[0].startswith("log")]
    refuse([*plain, *rows] if rows else typed.at_rows(problems))


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("happened_on", ""))
    except ValueError:
        raise InvalidInput({"happened_on": [_("Give a day like 2026-03-31.")]}) from None
