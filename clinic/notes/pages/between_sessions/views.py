"""At home: what is told between sessions, written down and, where it was wrong, marked so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import Conflict, InvalidInput, NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.between_sessions import service
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.queries import Between, Entry, get_entry, list_entries
from clinic.notes.pages.between_sessions.forms import (
    AttemptForm,
    InErrorForm,
    RatingsForm,
    RecordForm,
)
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.overview import names_of
from clinic.notes.record.open_record import find_chart

told_pages = Blueprint("told", __name__, url_prefix="/desk/couples")

Page = str | tuple[str, int]
FIRST = 40


@told_pages.get("/<code>/at-home")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> Page:
    """What was told between sessions, newest first, and the forms to write it down."""
    between = _between(code)
    attempt = AttemptForm(between.course, today=_today(between), rupture=_wanted(between))
    return _page(between, attempts=attempt)


@told_pages.post("/<code>/at-home/attempts", defaults={"what": "attempts"})
@told_pages.post("/<code>/at-home/ratings", defaults={"what": "ratings"})
@requires(Permission.OPEN_CHARTS)
def add(code: str, what: str) -> AnyResponse | Page:
    """Store an attempt, or one partner's ratings, reported between sessions."""
    between = _between(code)
    make_form, store, notice = TOLD[what]
    form = make_form(between.course, today=_today(between), sent=request.form)
    if not _submit(form, lambda: store(code, form)):
        return _page(between, **{what: form})
    flash(str(notice), "ok")
    return redirect(url_for("told.show", code=code))


@told_pages.get("/<code>/told/<what>/<entry_id>")
@requires(Permission.OPEN_CHARTS)
def one(code: str, what: str, entry_id: str) -> Page:
    """One entry of any kind, and the way to say that it is wrong."""
    return _one_page(code, what, entry_id, InErrorForm())


@told_pages.post("/<code>/told/<what>/<entry_id>/in-error")
@requires(Permission.OPEN_CHARTS)
def mark(code: str, what: str, entry_id: str) -> AnyResponse | Page:
    """Mark it as entered in error: it stays readable and counts no longer."""
    form = InErrorForm(request.form)

    def store() -> None:
        mark_in_error(
            code, what, entry_id, reason=form.reason.data, actor=current_actor(), now=clock.now()
        )

    if not _submit(form, store):
        return _one_page(code, what, entry_id, form)
    flash(_("It is marked as entered in error and counts no longer."), "ok")
    return redirect(url_for("told.one", code=code, what=what, entry_id=entry_id))


def _add_attempt(code: str, form: AttemptForm) -> None:
    service.add_attempt(
        code,
        form.details(),
        happened_on=_day(form.happened_on, "happened_on"),
        key=form.key.data,
        actor=current_actor(),
        now=clock.now(),
    )


def _add_ratings(code: str, form: RatingsForm) -> None:
    session_of = form.session.data or None
    service.add_ratings(
        code,
        form.details(),
        told_on=None if session_of else _day(form.told_on, "told_on"),
        note_id=session_of,
        key=form.key.data,
        actor=current_actor(),
        now=clock.now(),
    )


TOLD: dict[str, tuple[Any, Callable[[str, Any], None], Any]] = {
    "attempts": (AttemptForm, _add_attempt, _l("The attempt is in the record.")),
    "ratings": (RatingsForm, _add_ratings, _l("The ratings are in the record.")),
}
"""What can be told between sessions: its form, how it is stored, the notice after it."""


def _submit(form: RecordForm, store: Callable[[], None]) -> bool:
    """Whether it could be read and is stored; else the form says why not and holds all of it."""
    if not form.validate():
        return False
    try:
        store()
    except InvalidInput as refused:
        form.show(refused.errors)
    except Conflict as refused:
        form.form_errors.append(_(refused.message))
        form.renew()
    return not form.is_refused


def _between(code: str) -> Between:
    return list_entries(code, actor=current_actor(), now=clock.now())


def _page(
    between: Between, *, attempts: AttemptForm | None = None, ratings: RatingsForm | None = None
) -> Page:
    chart, actor = between.course.chart, current_actor()
    today = _today(between)
    shown = between.entries if request.args.get("all") else between.entries[:FIRST]
    attempt = attempts or AttemptForm(between.course, today=today)
    ratings = ratings or RatingsForm(between.course, today=today)
    page = render_template(
        "notes/between_sessions/entries.html",
        entries=shown,
        more=len(between.entries) - len(shown),
        attempt=attempt,
        ratings=ratings,
        today=today,
        can_write=is_allowed(actor, Permission.WRITE_CHART, chart),
        **_top(between.entries, chart),
    )
    return page, 422 if attempt.is_refused or ratings.is_refused else 200


def _one_page(code: str, what: str, entry_id: str, form: InErrorForm) -> Page:
    actor, now = current_actor(), clock.now()
    told = get_entry(code, what, entry_id, actor=actor, now=now)
    chart = find_chart(code, actor=actor, now=now)
    page = render_template(
        "notes/between_sessions/entry.html",
        one=told,
        form=form,
        can_write=is_allowed(actor, Permission.WRITE_CHART, chart),
        **_top([told], chart),
    )
    return page, 422 if form.is_refused else 200


def _top(entries: Any, chart: Any) -> dict[str, Any]:
    return {
        "chart": chart,
        "names": first_names(chart.names),
        "people": names_of(_authors(entries), clinic_id=chart.clinic_id),
    }


def _authors(entries: list[Entry]) -> list[str]:
    marked = [one.in_error.author for one in entries if one.in_error]
    return [one.author for one in entries] + marked


def _today(between: Between) -> date:
    return between.course.chart.day(clock.now())


def _wanted(between: Between) -> str:
    """The rupture that the reader came from, where it is one of this record."""
    ref = request.args.get("rupture", "")
    try:
        return between.course.rupture(ref).ref if ref else ""
    except NotFound:
        return ""


def _day(field: Any, place: str) -> date:
    if field.data is None:
        raise InvalidInput({place: [_("Give the day.")]})
    day: date = field.data
    return day
