"""The page behind a link to an appointment: see it, move it, cancel it.

A GET never changes anything: mail scanners open links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import public
from clinic.booking import display
from clinic.booking.appointments.changes import cancel_appointment, move_appointment
from clinic.booking.appointments.links import OpenedLink, number_invited, open_link
from clinic.booking.appointments.models import Appointment, AppointmentStatus
from clinic.booking.rules.change_deadline import change_deadline
from clinic.booking.rules.errors import SlotUnavailable, TooManyByVisitor
from clinic.booking.site.flow import forget_lapsed_flow
from clinic.booking.site.forms import CancelForm
from clinic.booking.site.limit_pages import answer_too_many
from clinic.booking.site.weeks import week_page
from clinic.booking.slots.open_slots import Slot
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.localized_dates import day_and_clock_text

links = Blueprint("links", __name__)
links.before_request(forget_lapsed_flow)
links.register_error_handler(TooManyByVisitor, answer_too_many)


@links.get("/a/<token>/booked")
@public
def done(token: str) -> str:
    """Booked; what happens next."""
    opened = open_link(token, now=clock.now())
    return render_template(
        "booking/site/done.html",
        appointment=display.summarise(opened.appointment, zone=_zone_of(opened)),
        pending=opened.appointment.status == AppointmentStatus.REQUESTED,
        together=number_invited(opened.appointment) > 1,
        reminder=False,
        email=_address_written_to(opened, token),
        manage_url=url_for("links.manage", token=token),
        calendar_url=url_for("calendars.entry", token=token),
        feed_url=_feed_url(opened, token),
        home_url=url_for("web.home"),
    )


@links.get("/a/<token>")
@public
@limiter.limit("60/minute")
def manage(token: str) -> str:
    """One appointment: see it, and the ways to move, cancel or keep it."""
    now = clock.now()
    opened = open_link(token, now=now)
    appointment, zone = opened.appointment, _zone_of(opened)
    return render_template(
        "booking/site/manage.html",
        appointment=display.summarise(appointment, zone=zone),
        state=_state(appointment, now=now),
        can_change=_changeable_until(appointment) >= now,
        change_until=day_and_clock_text(_changeable_until(appointment), zone=zone),
        move_url=url_for("links.move", token=token),
        cancel_url=url_for("links.cancel", token=token),
        calendar_url=url_for("calendars.entry", token=token),
        feed_url=_feed_url(opened, token),
        book_url=url_for("matching.needs"),
    )


def _zone_of(opened: OpenedLink) -> str:
    return str(session.get("time_zone") or opened.time_zone)


def _feed_url(opened: OpenedLink, token: str) -> str:
    """Return the page of the holder's calendar addresses; empty when they may not have any."""
    actor = opened.actor
    if not is_allowed(actor, Permission.MANAGE_OWN_FEEDS, actor.member_id):
        return ""
    return url_for("partner_feeds.overview", token=token)


def _address_written_to(opened: OpenedLink, token: str) -> str:
    """Return the partner's own address, or what was typed in this browser when it was booked.

    The one on file may be written otherwise than it was typed, which would tell that it is known.
    """
    if opened.member is not None:
        return opened.member.person.email or ""
    return str(session.get("typed_email", "")) if session.get("booked") == token else ""


def _state(appointment: Appointment, *, now: datetime) -> str:
    if not appointment.is_live:
        return "cancelled"
    if appointment.ends_at <= now:
        return "past"
    return "pending" if appointment.status == AppointmentStatus.REQUESTED else "coming"


def _changeable_until(appointment: Appointment) -> datetime:
    notice = appointment.session_type.change_notice_minutes
    return change_deadline(appointment.starts_at, notice_minutes=notice)


@links.route("/a/<token>/move", methods=["GET", "POST"])
@public
@limiter.limit("40/minute")
def move(token: str) -> Response | str | tuple[str, int]:
    """Choose another time with the same therapist; the present one stays until then."""
    now = clock.now()
    opened = open_link(token, now=now)
    if request.method == "GET":
        return _move_page(token, opened)
    choice = display.parse_choice(request.form.get("start", ""))
    if choice is None:
        return _move_page(token, opened)
    try:
        move_appointment(opened.appointment.id, start=choice[0], actor=opened.actor, now=now)
    except (SlotUnavailable, InvalidInput) as refused:
        flash(_("This time has just gone. Nothing was changed; please choose another."), "warn")
        nearest = refused.alternatives if isinstance(refused, SlotUnavailable) else ()
        slots = [slot for _slug, slot in nearest]
        return _move_page(token, opened, nearest=slots), refused.status
    flash(_("Moved. A message with the new time is on its way."), "ok")
    return redirect(url_for("links.manage", token=token), 303)


def _move_page(token: str, opened: OpenedLink, *, nearest: Sequence[Slot] = ()) -> str:
    appointment, zone = opened.appointment, _zone_of(opened)
    return render_template(
        "booking/site/move.html",
        alternatives=[display.chip(appointment.therapist, slot, zone=zone) for slot in nearest],
        appointment=display.summarise(appointment, zone=zone),
        form_url=url_for("links.move", token=token),
        fields={},
        manage_url=url_for("links.manage", token=token),
        **week_page(
            [appointment.therapist],
            appointment.session_type,
            endpoint="links.move",
            parameters={"token": token},
            zone_name=opened.time_zone,
        ),
    )


@links.route("/a/<token>/cancel", methods=["GET", "POST"])
@public
@limiter.limit("40/minute")
def cancel(token: str) -> Response | str | tuple[str, int]:
    """Asks once, then cancels."""
    now = clock.now()
    opened = open_link(token, now=now)
    form = CancelForm()
    status = 200
    if form.is_submitted():
        try:
            cancel_appointment(
                opened.appointment.id,
                reason=form.reason.data or "",
                actor=opened.actor,
                now=now,
            )
        except InvalidInput as refused:
            form.reason.errors = [_(one) for one in refused.errors["reason"]]
            status = refused.status
        else:
            flash(_("Cancelled. There is nothing more to do."), "ok")
            return redirect(url_for("links.manage", token=token), 303)
    page = render_template(
        "booking/site/cancel.html",
        appointment=display.summarise(opened.appointment, zone=_zone_of(opened)),
        form=form,
        form_url=url_for("links.cancel", token=token),
        manage_url=url_for("links.manage", token=token),
        move_url=url_for("links.move", token=token),
    )
    return page, status
