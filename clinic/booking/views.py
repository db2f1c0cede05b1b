"""Booking in the browser: a time, then the details.

Steps 3 and 4 of the flow; steps 1 and 2 (what is needed, who fits) are the matching room's.
What a visitor chose lives in their own session cookie, never in an address.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.guard import current_actor, public
from clinic.booking import pages
from clinic.booking.claims import get_hold, hold_slot, release_hold
from clinic.booking.forms import DetailsForm
from clinic.booking.history import manage_token
from clinic.booking.links import link_of
from clinic.booking.models import Appointment
from clinic.booking.refusals import HoldGone, SlotUnavailable
from clinic.booking.service import book_appointment
from clinic.booking.weeks import reader_zone, week_page
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.foundation.reader_dates import clock_text, day_and_clock_text
from clinic.practice.models import SessionType, Therapist, in_language
from clinic.practice.queries import get_session_type, list_offering, list_session_types

booking = Blueprint("booking", __name__)

DRAFT = ("name", "email", "language", "other_name", "other_email", "message", "format")


def chosen_type() -> SessionType:
    """The session type in the address, or the first public one."""
    slug = request.values.get("session_type") or session.get("inquiry", {}).get("session_type")
    if slug:
        kind = get_session_type(g.clinic_id, slug)
        if kind.audience == "public":
            return kind
        raise NotFound
    kinds = list_session_types(g.clinic_id, audience="public")
    if not kinds:
        raise NotFound(_("Nothing can be booked here just now."))
    return kinds[0]


@booking.get("/book/times")
@public
def times() -> str:
    """Step 3: a week of times."""
    kind = chosen_type()
    therapists = _offering(kind, request.args.get("therapist", ""))
    alone = therapists[0] if len(therapists) == 1 else None
    keep = {"session_type": kind.slug} | ({"therapist": alone.slug} if alone else {})
    return render_template(
        "booking/times.html",
        therapist=alone,
        session_type=in_language(kind.name, str(get_locale())[:2]),
        minutes=kind.length_minutes,
        form_url=url_for("booking.hold"),
        fields={"session_type": kind.slug},
        back_url=url_for("matching.therapists"),
        back_label=_("Back to the therapists"),
        step_urls={1: url_for("matching.needs"), 2: url_for("matching.therapists")},
        **week_page(therapists, kind, endpoint="booking.times", keep=keep),
    )


def _offering(kind: SessionType, slug: str) -> list[Therapist]:
    format_ = session.get("inquiry", {}).get("format")
    found = [
        therapist
        for therapist in list_offering(g.clinic_id, kind.id)
        if (not slug or therapist.slug == slug)
        and (format_ in {None, "", "any"} or format_ in therapist.formats or slug)
    ]
    if not found:
        raise NotFound
    return found


@booking.post("/book/hold")
@public
@limiter.limit("40/minute")
def hold() -> Response | str | tuple[str, int]:
    """A time was tapped: hold it, then ask for the details."""
    choice = pages.parse_choice(request.form.get("start", ""))
    if choice is None:
        return redirect(url_for("booking.times"))
    start, slug = choice
    kind = chosen_type()
    try:
        _held, token = hold_slot(
            therapist=slug,
            session_type=kind.slug,
            start=start,
            replaces=session.get("hold"),
            actor=current_actor(),
            now=clock.now(),
        )
    except (SlotUnavailable, InvalidInput) as refused:
        return _taken(refused, kind, slug, start)
    session["hold"], session["key"] = token, secrets.token_urlsafe(16)
    if "email" in request.form:  # details were written already: show them, do not ask again
        return _details_page(DetailsForm(data=_draft()))
    return redirect(url_for("booking.details"), 303)


def _taken(
    refused: SlotUnavailable | InvalidInput, kind: SessionType, slug: str, start: datetime
) -> tuple[str, int]:
    zone = reader_zone()
    therapists = {one.slug: one for one in list_offering(g.clinic_id, kind.id)}
    pairs = refused.alternatives if isinstance(refused, SlotUnavailable) else ()
    page = render_template(
        "booking/taken.html",
        wanted=day_and_clock_text(start, zone=zone),
        alternatives=[
            pages.chip(therapists[who], slot, zone=zone) for who, slot in pairs if who in therapists
        ],
        form_url=url_for("booking.hold"),
        fields={"session_type": kind.slug} | _draft(),
        times_url=url_for("booking.times", session_type=kind.slug, therapist=slug),
    )
    return page, 409 if isinstance(refused, SlotUnavailable) else 422


def _draft() -> dict[str, str]:
    """What was written already, carried along while another time is chosen."""
    return {name: request.form[name] for name in DRAFT if request.form.get(name)}


@booking.get("/book/details")
@public
def details() -> Response | str:
    """Step 4: who comes."""
    form = DetailsForm(formdata=None)
    inquiry = session.get("inquiry", {})
    form.language.data = str(get_locale())[:2]
    form.format.data = inquiry.get("format")
    return _details_page(form)


def _details_page(form: DetailsForm) -> Response | str:
    token = session.get("hold", "")
    try:
        held = get_hold(token, clinic_id=g.clinic_id, now=clock.now())
    except HoldGone:
        flash(_("Please choose a time; the one before has been given back."))
        return redirect(url_for("booking.times"), 303)
    zone = reader_zone()
    form.hold.data, form.key.data, form.time_zone.data = token, session.get("key"), zone
    formats = [one for one in held.session_type.formats if one in held.therapist.formats]
    form.format.choices = [(one, pages.format_name(one)) for one in formats]
    if form.format.data not in formats:
        form.format.data = formats[0] if formats else ""
    return render_template(
        "booking/details.html",
        form=form,
        appointment=pages.summarise_hold(held, zone=zone, format_=form.format.data),
        hold={
            "expires_at": pages.instant_text(held.expires_at),
            "expires_label": clock_text(held.expires_at, zone=zone),
            "now": pages.instant_text(clock.now()),
        },
        two=session.get("inquiry", {}).get("couple") == "two",
        form_url=url_for("booking.book"),
        times_url=url_for(
            "booking.times", session_type=held.session_type.slug, therapist=held.therapist.slug
        ),
        step_urls={1: url_for("matching.needs"), 2: url_for("matching.therapists")},
    )


@booking.post("/book/details")
@public
@limiter.limit("20/minute")
def book() -> Response | str | tuple[str, int]:
    """Book it. A second send of the same form finds the same appointment."""
    form = DetailsForm()
    now = clock.now()
    wanted = _wanted(form, now=now)
    if wanted is None:
        return _expired()
    therapist, kind, start = wanted
    concerns = tuple(session.get("inquiry", {}).get("needs", ()))
    asked = form.to_request(
        therapist=therapist.slug, session_type=kind.slug, start=start, concerns=concerns
    )
    try:
        appointment = book_appointment(asked, actor=current_actor(), now=now)
    except SlotUnavailable as refused:
        return _taken(refused, kind, therapist.slug, start)
    except InvalidInput as refused:
        form.show(refused)
        page = _details_page(form)
        return (page, 422) if isinstance(page, str) else page
    return _booked(appointment, asked.partner.email)


def _wanted(form: DetailsForm, *, now: datetime) -> tuple[Therapist, SessionType, datetime] | None:
    """What the hold stands for; after a successful send it is kept in the session for a resend."""
    try:
        held = get_hold(form.hold.data or "", clinic_id=g.clinic_id, now=now)
    except HoldGone:
        return _sent_before(form)
    session["sent"] = [form.key.data, held.therapist.slug, held.session_type.slug]
    session["sent"].append(pages.instant_text(held.starts_at))
    return held.therapist, held.session_type, held.starts_at


def _sent_before(form: DetailsForm) -> tuple[Therapist, SessionType, datetime] | None:
    sent = session.get("sent")
    if not sent or sent[0] != form.key.data:
        return None
    kind = get_session_type(g.clinic_id, sent[2])
    found = [one for one in list_offering(g.clinic_id, kind.id) if one.slug == sent[1]]
    return (found[0], kind, datetime.fromisoformat(sent[3])) if found else None


def _expired() -> tuple[str, int]:
    page = render_template(
        "booking/expired.html",
        wanted=_("The time you had chosen"),
        still_free=False,
        form_url=url_for("booking.hold"),
        fields=_draft(),
        times_url=url_for("booking.times"),
    )
    return page, 409


def _booked(appointment: Appointment, email: str) -> Response:
    for name in ("hold", "key", "inquiry"):
        session.pop(name, None)
    token = manage_token(link_of(appointment, email), clinic_id=appointment.clinic_id)
    return redirect(url_for("links.done", token=token), 303)


@booking.post("/book/release")
@public
def release() -> Response:
    """Give the held time back."""
    release_hold(session.pop("hold", ""), actor=current_actor())
    return redirect(url_for("booking.times"), 303)
