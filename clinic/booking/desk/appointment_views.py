"""One appointment at the desk: see it, answer a request, move it, cancel it.

Every change is a POST; what takes something away from somebody is asked about on a page first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.booking import display
from clinic.booking.appointments import changes
from clinic.booking.appointments.models import Appointment, AppointmentStatus
from clinic.booking.desk.appointment_queries import find_appointment, staff_slots
from clinic.booking.desk.audited_reads import read_appointment
from clinic.booking.desk.forms import ReasonForm, requested_week
from clinic.booking.rules.errors import NotChangeable, SlotUnavailable, TimeRefused
from clinic.foundation.clock import clock
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed

desk_appointments = Blueprint(
    "desk_appointments", __name__, url_prefix="/desk/appointments/<reference>"
)

Page = str | Response | tuple[str, int]
WEEK = timedelta(days=7)


@desk_appointments.get("")
@requires(Permission.SEE_DIARY)
def show(reference: str) -> str:
    """One appointment: what it is, who comes, what happened to it, and what can be done."""
    return _page(reference)


@desk_appointments.post("/confirm")
@requires(Permission.CHANGE_APPOINTMENT)
def confirm(reference: str) -> Page:
    """Confirm a request."""
    return _change(
        reference,
        lambda one: changes.confirm_appointment(one.id, actor=current_actor(), now=clock.now()),
        notice=_("Accepted. Everyone concerned gets a message."),
    )


@desk_appointments.route("/decline", methods=["GET", "POST"])
@requires(Permission.CHANGE_APPOINTMENT)
def decline(reference: str) -> Page:
    """Asks once, then says no to a request."""
    form = ReasonForm()
    if form.validate_on_submit():
        reason = form.reason.data or ""
        return _change(
            reference,
            lambda one: changes.decline_appointment(
                one.id, reason=reason, actor=current_actor(), now=clock.now()
            ),
            notice=_("Declined. Everyone concerned gets a message, and the time is free again."),
        )
    return _ask("booking/desk/decline.html", reference, form)


@desk_appointments.route("/cancel", methods=["GET", "POST"])
@requires(Permission.CHANGE_APPOINTMENT)
def cancel(reference: str) -> Page:
    """Asks once, then cancels."""
    form = ReasonForm()
    if form.validate_on_submit():
        reason = form.reason.data or ""
        return _change(
            reference,
            lambda one: changes.cancel_appointment(
                one.id, reason=reason, actor=current_actor(), now=clock.now()
            ),
            notice=_("Cancelled. Everyone concerned gets a message, and the time is free again."),
        )
    return _ask("booking/desk/cancel.html", reference, form)


@desk_appointments.get("/move")
@requires(Permission.CHANGE_APPOINTMENT)
def choose_time(reference: str) -> Page:
    """A week of the times it could move to; notice to clients does not bind staff."""
    appointment, now = _to_change(reference), clock.now()
    zone = appointment.therapist.time_zone
    first = max(appointment.starts_at, now)
    this_week = display.monday_of(now, zone=zone)
    usual = display.monday_of(first, zone=zone)
    monday = max(this_week, requested_week(request.args.get("week", ""), usual=usual))
    window = display.week_window(monday, zone=zone)
    found = staff_slots(appointment, window=window, now=now)
    earlier = monday - WEEK
    return render_template(
        "booking/desk/move.html",
        appointment=appointment,
        days=display.week_of(monday, found, zone=zone),
        label=display.week_label(monday),
        back=_week_url(reference, earlier.isoformat()) if earlier >= this_week else None,
        forward=_week_url(reference, (monday + WEEK).isoformat()),
        is_changeable=_is_changeable(appointment),
    )


@desk_appointments.post("/move")
@requires(Permission.CHANGE_APPOINTMENT)
def move(reference: str) -> Page:
    """Shows what moving does, then (with `agreed`) moves; a time just taken gives others."""
    appointment = _to_change(reference)
    choice = display.parse_choice(request.form.get("start", ""))
    if choice is None:
        return redirect(url_for("desk_appointments.choose_time", reference=reference), 303)
    if request.form.get("agreed") != "yes":
        return render_template(
            "booking/desk/move_ask.html",
            appointment=appointment,
            start=choice[0],
            value=request.form["start"],
        )
    try:
        return _change(
            reference,
            lambda one: changes.move_appointment(
                one.id, start=choice[0], actor=current_actor(), now=clock.now()
            ),
            notice=_("Moved. Everyone concerned gets a message with the new time."),
        )
    except (SlotUnavailable, TimeRefused) as refused:
        return _gone(reference, refused)


def _to_change(reference: str) -> Appointment:
    return find_appointment(
        reference, permission=Permission.CHANGE_APPOINTMENT, actor=current_actor()
    )


def _gone(reference: str, refused: SlotUnavailable | TimeRefused) -> tuple[str, int]:
    """The time cannot be had: nothing changed, here are others."""
    appointment = _to_change(reference)
    zone = appointment.therapist.time_zone
    others = refused.alternatives if isinstance(refused, SlotUnavailable) else ()
    page = render_template(
        "booking/desk/gone.html",
        appointment=appointment,
        alternatives=[
            display.chip(appointment.therapist, slot, zone=zone) for _slug, slot in others
        ],
    )
    return page, refused.status


def _change(reference: str, change: Callable[[Appointment], Appointment], *, notice: str) -> Page:
    """Make a change and show the appointment; what can no longer be changed is shown as it is."""
    appointment = _to_change(reference)
    try:
        change(appointment)
    except NotChangeable as refused:
        flash(
            _("It has changed in the meantime, so nothing was done. This is how it is now."), "warn"
        )
        return _page(reference), refused.status
    flash(notice, "ok")
    return redirect(url_for("desk_appointments.show", reference=reference), 303)


def _page(reference: str) -> str:
    actor = current_actor()
    appointment, page = read_appointment(reference, actor=actor, now=clock.now())
    may_change = is_allowed(actor, Permission.CHANGE_APPOINTMENT, appointment)
    return render_template(
        "booking/desk/appointment.html",
        page=page,
        can_answer=may_change and appointment.status == AppointmentStatus.REQUESTED,
        can_change=may_change and _is_changeable(appointment),
        status_shown=display.STATUS_SHOWN(),
    )


def _ask(template: str, reference: str, form: ReasonForm) -> Page:
    appointment = _to_change(reference)
    page = render_template(template, appointment=appointment, form=form)
    return page, 422 if form.errors else 200


def _is_changeable(appointment: Appointment) -> bool:
    alive = appointment.status in {AppointmentStatus.REQUESTED, AppointmentStatus.CONFIRMED}
    return alive and appointment.ends_at > clock.now()


def _week_url(reference: str, week: str) -> str:
    return url_for("desk_appointments.choose_time", reference=reference, week=week)
