"""The desk's diary pages: a therapist's day, weeks side by side, requests, and the slot preview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.booking import display
from clinic.booking.appointments.queries import next_slots, slots_of
from clinic.booking.desk.audited_reads import read_day, read_requests
from clinic.booking.desk.diary_queries import (
    open_requests,
    visible_therapists,
    weeks_of,
    why_not_at,
)
from clinic.booking.desk.display import (
    actor_name,
    change_name,
    row_classes,
    sentence_for,
    week_grid,
)
from clinic.booking.desk.forms import requested_day, requested_wall_time, requested_week
from clinic.booking.rules.diary_lines import day_window
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.localized_dates import day_year_text, place_of
from clinic.foundation.wall_clock import local_date
from clinic.practice.clinic.queries import get_session_type, get_therapist, list_session_types
from clinic.practice.models import SessionType, Therapist

desk = Blueprint("desk", __name__, url_prefix="/desk")

for filter_ in (
    actor_name,
    change_name,
    display.format_name,
    display.language_name,
    local_date,
    row_classes,
):
    desk.add_app_template_filter(filter_)
desk.add_app_template_filter(day_year_text, "long_day")
desk.add_app_template_filter(place_of, "place")

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@desk.get("")
@requires(Permission.SEE_OWN_DAY)
def home() -> Response:
    """Staff begin with the day."""
    return redirect(url_for("desk.day"))


@desk.get("/day")
@requires(Permission.SEE_OWN_DAY)
def day() -> str:
    """One therapist's day as a timeline, requests first."""
    actor, now = current_actor(), clock.now()
    therapists = visible_therapists(actor)
    therapist = _chosen(therapists)
    if therapist is None:
        return render_template("booking/desk/no_diary.html")
    today = _today(therapist.time_zone)
    on = requested_day(request.args.get("on", ""), usual=today)
    return render_template(
        "booking/desk/day.html",
        page=read_day(therapist.id, on, actor=actor, now=now),
        requests=open_requests([therapist.id], names=False),
        therapists=therapists,
        therapist=therapist,
        today=today,
        is_own=therapist.id == actor.therapist_id,
        can_answer=is_allowed(actor, Permission.CHANGE_APPOINTMENT, therapist.id),
        back=_to("desk.day", on=on - DAY, therapist=therapist.slug),
        forward=_to("desk.day", on=on + DAY, therapist=therapist.slug),
        status_shown=display.STATUS_SHOWN(),
        undelivered=_undelivered(),
    )


@desk.get("/week")
@requires(Permission.SEE_OWN_DAY)
def week() -> str:
    """A week: one therapist's, or everybody's side by side."""
    therapists = visible_therapists(current_actor())
    if not therapists:
        return render_template("booking/desk/no_diary.html")
    slug = request.args.get("therapist", "")
    chosen = _chosen(therapists) if slug or len(therapists) == 1 else None
    zone = chosen.time_zone if chosen else g.clinic.time_zone
    today = _today(zone)
    monday = requested_week(request.args.get("week", ""), usual=today)
    window = day_window(monday, days=7, zone=zone)
    weeks = weeks_of([chosen] if chosen else therapists, window=window, now=clock.now())
    return render_template(
        "booking/desk/week.html",
        grid=week_grid(monday, weeks, zone=zone),
        label=display.week_label(monday),
        monday=monday,
        therapists=therapists,
        therapist=chosen,
        today=today,
        back=_to("desk.week", week=monday - WEEK, therapist=slug),
        forward=_to("desk.week", week=monday + WEEK, therapist=slug),
    )


@desk.get("/requests")
@requires(Permission.SEE_DIARY)
def requests() -> str:
    """Everything that waits for a yes or a no."""
    actor, now = current_actor(), clock.now()
    waiting = read_requests(actor=actor, now=now)
    zones = {one.id: one.time_zone for one in visible_therapists(actor)}
    answerable = {
        one.id for one in waiting if is_allowed(actor, Permission.CHANGE_APPOINTMENT, one)
    }
    return render_template(
        "booking/desk/requests.html", requests=waiting, zones=zones, answerable=answerable
    )


@desk.get("/preview/<slug>")
@requires(Permission.SEE_PRACTICE)
def preview(slug: str) -> str:
    """The starts that result from a therapist's hours, and why another one is not among them."""
    now = clock.now()
    therapist = get_therapist(g.clinic_id, slug)
    kinds = list_session_types(g.clinic_id)
    kind = _preview_type(kinds)
    usual = display.monday_of(now, zone=therapist.time_zone)
    if kind is None:
        return render_template("booking/desk/preview.html", therapist=therapist, kind=None)
    if not request.args.get("week"):
        first = next_slots([therapist], kind, now=now, count=1)[therapist.id]
        usual = display.monday_of(first[0].start if first else now, zone=therapist.time_zone)
    monday = requested_week(request.args.get("week", ""), usual=usual)
    window = display.week_window(monday, zone=therapist.time_zone)
    found = slots_of([therapist], kind, window=window, now=now)
    keep = {"slug": slug, "session_type": kind.slug}
    return render_template(
        "booking/desk/preview.html",
        therapist=therapist,
        kind=kind,
        kinds=kinds,
        days=display.week_of(monday, found, zone=therapist.time_zone),
        count=len(found),
        label=display.week_label(monday),
        monday=monday,
        back=_to("desk.preview", week=monday - WEEK, **keep),
        forward=_to("desk.preview", week=monday + WEEK, **keep),
        at=request.args.get("at", ""),
        answer=_explained(therapist, kind, request.args.get("at", "")),
    )


def _undelivered() -> int:
    """How many messages failed and wait, for those who may look after them."""
    if not is_allowed(current_actor(), Permission.SEE_DELIVERIES):
        return 0
    stands = outbox.backlog(now=clock.now())
    return stands.retrying + stands.dead


def _explained(therapist: Therapist, kind: SessionType, text: str) -> tuple[str, str] | None:
    """Whether a start is open ("ok" or "warn"), in a sentence; None when nothing was asked."""
    if not text:
        return None
    wall = requested_wall_time(text)
    if wall is None:
        return "warn", _("Please give a day and a time.")
    rule = why_not_at(therapist, kind, wall, now=clock.now())
    if rule is None:
        return "ok", _("This start is open: clients can book it.")
    return "warn", sentence_for(rule, kind)


def _preview_type(kinds: Sequence[SessionType]) -> SessionType | None:
    slug = request.args.get("session_type", "")
    return get_session_type(g.clinic_id, slug) if slug else next(iter(kinds), None)


def _chosen(therapists: Sequence[Therapist]) -> Therapist | None:
    """The therapist in the address, else the first. Raises `NotFound` for any other."""
    slug = request.args.get("therapist", "")
    if not slug:
        return next(iter(therapists), None)
    for therapist in therapists:
        if therapist.slug == slug:
            return therapist
    raise NotFound


def _today(zone: str) -> date:
    return local_date(clock.now(), zone=zone)


def _to(endpoint: str, **values: str | date) -> str:
    """An address with dates written out and empty values left out."""
    given: dict[str, Any] = {name: str(value) for name, value in values.items() if value}
    return url_for(endpoint, **given)
