"""Booking in the browser: a time, then the details.

Steps 3 and 4 of the flow; steps 1 and 2 (what is needed, who fits) are the matching room's.
What a visitor chose lives in their own session cookie, encrypted, never in an address.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from clinic.accounts.browser.route_guard import current_actor, public
from clinic.booking import display
from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.claims import get_hold, hold_slot, release_hold
from clinic.booking.appointments.links import link_of
from clinic.booking.appointments.models import Appointment, Hold
from clinic.booking.appointments.sequence_and_history import shown_token
from clinic.booking.rules.contact_details import tidy
from clinic.booking.rules.errors import (
    HoldExpired,
    KeyReused,
    SlotUnavailable,
    TimeRefused,
    TooManyByVisitor,
)
from clinic.booking.site.draft import draft
from clinic.booking.site.flow import end_flow, forget_lapsed_flow, note_flow_page
from clinic.booking.site.forms import DetailsForm
from clinic.booking.site.limit_pages import answer_too_many, this_visitor
from clinic.booking.site.weeks import reader_zone, week_page
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.errors import N_, InvalidInput, NotFound
from clinic.foundation.texts.localized_dates import clock_text, day_and_clock_text
from clinic.practice.clinic.queries import get_session_type, list_bookable, list_session_types
from clinic.practice.models import SessionType, Therapist, in_language

booking = Blueprint("booking", __name__)
booking.before_request(forget_lapsed_flow)
booking.after_request(note_flow_page)
booking.register_error_handler(TooManyByVisitor, answer_too_many)

Wanted = tuple[Therapist, SessionType, datetime]
Page = Response | str | tuple[str, int]


def chosen_type() -> SessionType:
    """The session type in the address, or the first public one."""
    kinds = list_session_types(g.clinic_id, audience="public")
    if slug := request.values.get("session_type"):
        found = [kind for kind in kinds if kind.slug == slug]
        if not found:
            raise NotFound
        return found[0]
    if not kinds:
        raise NotFound(N_("Nothing can be booked here just now. Please call or write to us."))
    # What was said earlier may not be offered any more.
    said = session.get("inquiry", {}).get("session_type")
    return next((kind for kind in kinds if kind.slug == said), kinds[0])


@booking.route("/book/times", methods=["GET", "POST"])
@public
def times() -> str:
    """Step 3: a week of times. Sent as a form, it carries along what was written already."""
    kind, written = chosen_type(), draft()
    therapists = _offering(kind, request.args.get("therapist", ""))
    alone = therapists[0] if len(therapists) == 1 else None
    parameters = {"session_type": kind.slug} | ({"therapist": alone.slug} if alone else {})
    return render_template(
        "booking/site/times.html",
        therapist=alone,
        session_type=in_language(kind.name, str(get_locale())[:2]),
        minutes=kind.length_minutes,
        form_url=url_for("booking.hold"),
        fields={"session_type": kind.slug} | written,
        kept=written,
        back_url="" if written else url_for("matching.therapists"),
        back_label=_("Back to the therapists"),
        step_urls={1: url_for("matching.needs"), 2: url_for("matching.therapists")},
        **week_page(therapists, kind, endpoint="booking.times", parameters=parameters),
    )


def _offering(kind: SessionType, slug: str) -> list[Therapist]:
    format_ = session.get("inquiry", {}).get("format")
    offering = list(list_bookable(g.clinic_id, kind.id))
    if not offering:
        raise NotFound(N_("Nothing can be booked here just now. Please call or write to us."))
    if slug:
        found = [therapist for therapist in offering if therapist.slug == slug]
        if not found:
            raise NotFound
        return found
    # When nobody works in the form chosen, all are shown: the details say which form it is.
    return [therapist for therapist in offering if format_ in therapist.formats] or offering


@booking.get("/book/hold")
@public
def held() -> Response:
    """Reached by a change of language on a page that answered a form."""
    return redirect(url_for("booking.details"), 303)


@booking.post("/book/hold")
@public
@limiter.limit("120/minute")
def hold() -> Page:
    """A time was tapped: hold it, then ask for the details."""
    choice = display.parse_choice(request.form.get("start", ""))
    if choice is None:
        return redirect(url_for("booking.times"))
    start, slug = choice
    kind = chosen_type()
    try:
        hold = _hold(slug, kind, start, key=secrets.token_urlsafe(16))
    except (SlotUnavailable, InvalidInput) as refused:
        return _slot_unavailable_page(refused, kind, slug, start)
    if draft():  # details were written already: show them, do not ask again
        return _details_page(DetailsForm(), hold)
    return redirect(url_for("booking.details"), 303)


def _hold(slug: str, kind: SessionType, start: datetime, *, key: str) -> Hold:
    """Hold a slot for this visitor; what was chosen outlives the hold, for a late send."""
    found, token = hold_slot(
        therapist=slug,
        session_type=kind.slug,
        start=start,
        replaces=session.get("hold"),
        visitor=this_visitor(),
        actor=current_actor(),
        now=clock.now(),
    )
    session["hold"], session["key"] = token, key
    session["chosen"] = [key, slug, kind.slug, display.instant_text(start)]
    session.pop("booked", None)
    return found


def _slot_unavailable_page(
    refused: SlotUnavailable | InvalidInput, kind: SessionType, slug: str, start: datetime
) -> tuple[str, int]:
    zone = reader_zone()
    therapists = {one.slug: one for one in list_bookable(g.clinic_id, kind.id)}
    pairs = refused.alternatives if isinstance(refused, SlotUnavailable) else ()
    why = next(iter(refused.errors.values()), []) if isinstance(refused, InvalidInput) else []
    page = render_template(
        "booking/site/taken.html",
        wanted=day_and_clock_text(start, zone=zone),
        why=[_(sentence) for sentence in why],
        alternatives=[
            display.chip(therapists[who], slot, zone=zone)
            for who, slot in pairs
            if who in therapists
        ],
        form_url=url_for("booking.hold"),
        fields={"session_type": kind.slug} | draft(),
        times_url=url_for("booking.times", session_type=kind.slug, therapist=slug),
    )
    return page, refused.status


@booking.get("/book/details")
@public
def details() -> Page:
    """Step 4: who comes."""
    try:
        hold = get_hold(session.get("hold", ""), clinic_id=g.clinic_id, now=clock.now())
    except HoldExpired:
        return _already_booked() or _choose_again()
    form = DetailsForm(formdata=None)
    form.language.data = str(get_locale())[:2]
    form.format.data = session.get("inquiry", {}).get("format")
    return _details_page(form, hold)


def _already_booked() -> Response | None:
    """The way to what this visitor has just booked (they came here by the back button)."""
    if not (token := session.get("booked")):
        return None
    flash(_("This is booked already; nothing needs to be sent again."), "ok")
    return redirect(url_for("links.done", token=token), 303)


def _choose_again() -> Response:
    flash(_("Please choose a time; the one before has been given back."))
    return redirect(url_for("booking.times"), 303)


def _details_page(form: DetailsForm, hold: Hold) -> str:
    zone = reader_zone()
    form.hold.data, form.key.data = session.get("hold"), session.get("key")
    form.time_zone.data = form.time_zone.data or zone
    formats = [one for one in hold.session_type.formats if one in hold.therapist.formats]
    form.format.choices = [SelectChoice(one, display.format_name(one)) for one in formats]
    if form.format.data not in formats:
        form.format.data = formats[0] if formats else ""
    return render_template(
        "booking/site/details.html",
        form=form,
        appointment=display.summarise_hold(hold, zone=zone, format_=form.format.data),
        hold={
            "expires_at": display.instant_text(hold.expires_at),
            "expires_label": clock_text(hold.expires_at, zone=zone),
            "now": display.instant_text(clock.now()),
        },
        two=session.get("inquiry", {}).get("couple") == "two",
        form_url=url_for("booking.book"),
        times_url=url_for(
            "booking.times", session_type=hold.session_type.slug, therapist=hold.therapist.slug
        ),
        step_urls={1: url_for("matching.needs"), 2: url_for("matching.therapists")},
    )


@booking.post("/book/details")
@public
@limiter.limit("120/minute")
def book() -> Page:
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
        appointment = book_appointment(
            asked, visitor=this_visitor(), actor=current_actor(), now=now
        )
    except KeyReused:
        return _already_booked() or _expired()
    except (SlotUnavailable, TimeRefused) as refused:
        return _slot_unavailable_page(refused, kind, therapist.slug, start)
    except InvalidInput as refused:
        form.show(refused)
        return _ask_again(form, wanted, now=now)
    return _booked(appointment, asked.partner.email)


def _wanted(form: DetailsForm, *, now: datetime) -> Wanted | None:
    """What the form's hold stands for; when it has run out, what was chosen with this form's key.

    So a late send still books the time if it is free, and a second send finds the first.
    """
    try:
        hold = get_hold(form.hold.data or "", clinic_id=g.clinic_id, now=now)
    except HoldExpired:
        return _chosen(form.key.data)
    return hold.therapist, hold.session_type, hold.starts_at


def _chosen(key: str | None) -> Wanted | None:
    chosen = session.get("chosen")
    if not chosen or chosen[0] != key:
        return None
    kind = get_session_type(g.clinic_id, chosen[2])
    found = [one for one in list_bookable(g.clinic_id, kind.id) if one.slug == chosen[1]]
    return (found[0], kind, datetime.fromisoformat(chosen[3])) if found else None


def _ask_again(form: DetailsForm, wanted: Wanted, *, now: datetime) -> Page:
    """The details once more with what is wrong; the time is held again if it has run out."""
    therapist, kind, start = wanted
    try:
        hold = get_hold(form.hold.data or "", clinic_id=g.clinic_id, now=now)
    except HoldExpired:
        try:
            hold = _hold(therapist.slug, kind, start, key=form.key.data or "")
        except (SlotUnavailable, InvalidInput) as refused:
            return _slot_unavailable_page(refused, kind, therapist.slug, start)
    return _details_page(form, hold), 422


def _expired() -> tuple[str, int]:
    page = render_template(
        "booking/site/expired.html", fields=draft(), times_url=url_for("booking.times")
    )
    return page, 409


def _booked(appointment: Appointment, email: str) -> Response:
    end_flow()
    token = shown_token(link_of(appointment, email), clinic_id=appointment.clinic_id)
    session["booked"], session["typed_email"] = token, tidy(email)
    return redirect(url_for("links.done", token=token), 303)


@booking.post("/book/release")
@public
def release() -> Response:
    """Give the held time back."""
    release_hold(session.pop("hold", ""), actor=current_actor())
    return redirect(url_for("booking.times"), 303)
