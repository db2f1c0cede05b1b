"""The couple's measures: their charts and responses, and entering one from a form on paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id
from clinic.foundation.errors import Conflict, InvalidInput, NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure, measures_page
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.ledger_pictures import questionnaire_pictures
from clinic.notes.pages.overview import names_of
from clinic.notes.record.open_record import find_chart
from clinic.notes.rules.questionnaire_responses import read_number
from clinic.practice.instruments.service import ClinicInstrument, list_instruments

measure_pages = Blueprint("measures", __name__, url_prefix="/desk/couples")

Page = str | tuple[str, int]


@measure_pages.get("/<code>/measures")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> str:
    """The couple's measures, as pictures and one by one."""
    return _list_page(code)


@measure_pages.get("/<code>/measures/new/<instrument_id>")
@requires(Permission.OPEN_CHARTS)
def new(code: str, instrument_id: str) -> str:
    """The page to enter a response."""
    return _form_page(code, instrument_id)


@measure_pages.post("/<code>/measures/new/<instrument_id>")
@requires(Permission.OPEN_CHARTS)
def add(code: str, instrument_id: str) -> AnyResponse | Page:
    """Score and keep a response."""
    actor, now = current_actor(), clock.now()
    try:
        refuse_unkeepable_texts()
        told = _entered_answers(code, instrument_id)
        add_measure(code, told, key=request.form.get("key", "")[:64], actor=actor, now=now)
    except (InvalidInput, Conflict) as refused:
        return _form_page(code, instrument_id, refused=refused), refused.status
    flash(_("The response is in the record."), "ok")
    return redirect(url_for("measures.show", code=code))


def _list_page(code: str) -> str:
    actor = current_actor()
    page = measures_page(code, actor=actor, now=clock.now())
    chart = page.chart
    return render_template(
        "notes/between_sessions/questionnaires.html",
        chart=chart,
        names=first_names(chart.names),
        responses=page.responses,
        offered=[one for one in page.shelf if one.retired_at is None],
        questionnaires=questionnaire_pictures(page.responses, chart=chart, partners=chart.members),
        items=_texts(page.shelf),
        people=names_of([one.author for one in page.responses], clinic_id=actor.clinic_id),
        can_write=is_allowed(actor, Permission.WRITE_CHART, chart),
    )


def _form_page(code: str, instrument_id: str, **more: Any) -> str:
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    values: dict[str, Any] = {
        "chart": chart,
        "names": first_names(chart.names),
        "instrument": _offered(instrument_id).instrument,
        "instrument_id": instrument_id,
        "typed": request.form,
        "today": chart.day(now),
        "key": new_id(),
        "refused": None,
    }
    return render_template("notes/between_sessions/questionnaire_new.html", **(values | more))


def _texts(instruments: Sequence[ClinicInstrument]) -> dict[tuple[str, str, str, str], str]:
    """The wording of every item, by instrument and code."""
    return {
        (i.code, i.version, i.language, item.code): item.text
        for i in (one.instrument for one in instruments)
        for item in i.items
    }


def _offered(instrument_id: str) -> ClinicInstrument:
    for one in list_instruments(current_actor().clinic_id):
        if one.id == instrument_id and one.retired_at is None:
            return one
    raise NotFound


def _entered_answers(code: str, instrument_id: str) -> EnteredResponse:
    """What was typed: the totals where there are any, else the answers."""
    find_chart(code, permission=Permission.WRITE_CHART, actor=current_actor(), now=clock.now())
    instrument = _offered(instrument_id).instrument
    totals = {
        one.code: text
        for one in instrument.scales
        if (text := request.form.get(f"totals.{one.code}", "").strip())
    }
    answers = {
        one.code: _number(text)
        for one in instrument.items
        if (text := request.form.get(f"items.{one.code}", "").strip())
    }
    if totals and answers:
        raise InvalidInput({"answers": [_("Give the answers or the totals, not both.")]})
    return EnteredResponse(
        partner=request.form.get("partner", ""),
        instrument_id=instrument_id,
        taken_on=_day(),
        answers=answers,
        totals={code: _total(code, text) for code, text in totals.items()},
    )


def _total(code: str, text: str) -> Fraction:
    found = read_number(text)
    if found is None:
        raise InvalidInput({f"totals.{code}": [_("Give a number.")]})
    return found


def _number(text: str) -> int:
    """A whole number; what is none lies outside every range, or is told as such."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 5 else 10**6


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("taken_on", ""))
    except ValueError:
        raise InvalidInput({"taken_on": [_("Give a day like 2026-03-31.")]}) from None
