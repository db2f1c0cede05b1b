"""Calendars elsewhere that block a therapist's time here: add, look after, remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.calendars.imported.queries import OutsideView, list_outside, stale_therapists
from clinic.calendars.imported.service import (
    add_calendar,
    remove_calendar,
    request_refresh,
    set_all_day,
)
from clinic.calendars.models import OutsideState
from clinic.calendars.pages.forms import OutsideCalendarForm
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, NotFound, TooManyRequests
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.localized_dates import when_text
from clinic.practice.clinic.queries import list_public_therapists
from clinic.practice.models import Therapist

desk_calendars = Blueprint("desk_calendars", __name__, url_prefix="/desk/calendars")

Page = str | tuple[str, int] | Response


@desk_calendars.get("")
@requires(Permission.EDIT_HOURS)
def overview() -> str:
    """A therapist's outside calendars, how each of them is, and a form for another."""
    return _page(OutsideCalendarForm())


@desk_calendars.post("")
@requires(Permission.EDIT_HOURS)
@limiter.limit("20/hour")
def add() -> Page:
    """Add a calendar."""
    form, therapist = OutsideCalendarForm(), _chosen()
    if therapist is None:
        raise NotFound
    if not form.validate():
        return _page(form), 422
    try:
        add_calendar(
            therapist.id,
            name=form.name.data or "",
            url=form.url.data or "",
            ignore_all_day=bool(form.ignore_all_day.data),
            guard=current_app.extensions["outside_guard"],
            actor=current_actor(),
            now=clock.now(),
        )
    except InvalidInput as refused:
        for name, said in refused.errors.items():
            form[name].errors = [_(text) for text in said]
        return _page(form), 422
    flash(_("Added. It is being read now; look again in a moment."), "ok")
    return _back(therapist)


@desk_calendars.post("/<calendar_id>/refresh")
@requires(Permission.EDIT_HOURS)
def refresh(calendar_id: str) -> Page:
    """Have it read now."""
    try:
        request_refresh(calendar_id, actor=current_actor(), now=clock.now())
    except TooManyRequests:
        flash(_("It was read less than a minute ago. Please give it a moment."), "warn")
    else:
        flash(_("It is being read now; look again in a moment."), "ok")
    return _back(_chosen())


@desk_calendars.post("/<calendar_id>/all-day")
@requires(Permission.EDIT_HOURS)
def all_day(calendar_id: str) -> Page:
    """Whether entries of whole days leave the therapist free."""
    ignored = request.form.get("ignored") == "yes"
    set_all_day(calendar_id, ignored=ignored, actor=current_actor(), now=clock.now())
    flash(_("Saved. The calendar is being read anew."), "ok")
    return _back(_chosen())


@desk_calendars.post("/<calendar_id>/remove")
@requires(Permission.EDIT_HOURS)
def remove(calendar_id: str) -> Page:
    """Remove a calendar."""
    remove_calendar(calendar_id, actor=current_actor(), now=clock.now())
    flash(_("Removed. What it blocked is open again."), "ok")
    return _back(_chosen())


def _back(therapist: Therapist | None) -> Response:
    slug = therapist.slug if therapist else None
    return redirect(url_for("desk_calendars.overview", therapist=slug), 303)


def _page(form: OutsideCalendarForm) -> str:
    now, therapist = clock.now(), _chosen()
    calendars = list_outside(therapist.id, now=now) if therapist else []
    zone = therapist.time_zone if therapist else "UTC"
    return render_template(
        "calendars/desk_calendars.html",
        form=form,
        therapist=therapist,
        therapists=_editable(),
        calendars=[(one, _health_label(one, zone=zone)) for one in calendars],
        silent=[one for one in stale_therapists(current_actor(), now=now) if one != therapist],
    )


def _health_label(calendar: OutsideView, *, zone: str) -> str:
    """How it is, in words."""
    if calendar.state is OutsideState.NEW:
        return _("Not read yet. That happens within a minute.")
    if calendar.state is OutsideState.OK:
        return _("Up to date: read %(when)s.", when=_when(calendar.last_ok_at, zone))
    if calendar.last_ok_at is None:
        return _(
            "%(trouble)s It could not be read so far, so it blocks nothing.", trouble=_why(calendar)
        )
    return _(
        "%(trouble)s Not updated since %(when)s; what was known then still blocks.",
        trouble=_why(calendar),
        when=_when(calendar.last_ok_at, zone),
    )


def _when(instant: datetime | None, zone: str) -> str:
    return when_text(instant, zone=zone) if instant else ""


def _why(calendar: OutsideView) -> str:
    """What went wrong the last time, and what would help."""
    reasons = {
        OutsideState.UNREACHABLE: _("Its server gives no usable answer; we keep trying."),
        OutsideState.TOO_SLOW: _("Its server took longer than 30 seconds; we keep trying."),
        OutsideState.TOO_LARGE: _("The file is larger than 10 MB, which is more than we read."),
        OutsideState.WEB_PAGE: _(
            "A web page came instead of a calendar. The address may need a sign-in; "
            "please add the private ICS address."
        ),
        OutsideState.UNREADABLE: _("What came is not a complete calendar."),
        OutsideState.LOCKED: _(
            "Its server asks for a password. Please add an address that works without one."
        ),
        OutsideState.GONE: _(
            "The address was revoked or moved. Please remove it and add the new one."
        ),
        OutsideState.REFUSED: _(
            "The address leads to no public server that we can find; we keep trying."
        ),
    }
    return reasons.get(calendar.state, "")


def _editable() -> Sequence[Therapist]:
    """Whose hours this person may change, their own first."""
    actor = current_actor()
    listed = [
        one
        for one in list_public_therapists(actor.clinic_id)
        if is_allowed(actor, Permission.EDIT_HOURS, one.id)
    ]
    return sorted(listed, key=lambda one: one.id != actor.therapist_id)


def _chosen() -> Therapist | None:
    """The therapist in the address or the form, else the first. Raises `NotFound` otherwise."""
    slug = request.values.get("therapist", "")
    known = _editable()
    if not slug:
        return next(iter(known), None)
    found = [one for one in known if one.slug == slug]
    if not found:
        raise NotFound
    return found[0]
