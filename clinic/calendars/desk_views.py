"""A therapist's calendar addresses at the desk: make one, see when it was read, end it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.guard import current_actor, requires
from clinic.calendars.forms import FeedForm
from clinic.calendars.queries import list_feeds
from clinic.calendars.service import create_therapist_feed, revoke_feed
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.foundation.permissions import Permission, is_allowed
from clinic.practice.models import Therapist
from clinic.practice.queries import list_public_therapists

desk_feeds = Blueprint("desk_feeds", __name__, url_prefix="/desk/feeds")


@desk_feeds.get("")
@requires(Permission.MANAGE_FEEDS)
def overview() -> str:
    """A therapist's live addresses, and a form for a new one."""
    return _page(FeedForm())


@desk_feeds.post("")
@requires(Permission.MANAGE_FEEDS)
def create() -> tuple[str, int]:
    """Make an address and show it, this once: only its hash is kept."""
    form, therapist = FeedForm(), _chosen()
    if therapist is None:
        raise NotFound
    if not form.validate():
        return _page(form), 422
    try:
        _feed, token = create_therapist_feed(
            therapist.id, name=form.name.data or "", actor=current_actor(), now=clock.now()
        )
    except InvalidInput as refused:
        form.name.errors = [_(said) for said in refused.errors["name"]]
        return _page(form), refused.status
    return _page(FeedForm(formdata=None), made=_addresses(token), made_name=form.name.data), 201


@desk_feeds.post("/<feed_id>/revoke")
@requires(Permission.MANAGE_FEEDS)
def revoke(feed_id: str) -> Response:
    """End an address."""
    revoke_feed(feed_id, actor=current_actor(), now=clock.now())
    flash(_("This address no longer opens anything. Calendars that used it stop updating."), "ok")
    slug = request.form.get("therapist") or None
    return redirect(url_for("desk_feeds.overview", therapist=slug), 303)


def _page(form: FeedForm, **more: object) -> str:
    therapist = _chosen()
    return render_template(
        "calendars/desk_feeds.html",
        form=form,
        therapist=therapist,
        therapists=_manageable(),
        feeds=list_feeds(therapist.id) if therapist else (),
        **more,
    )


def _addresses(token: str) -> dict[str, str]:
    """The new address as people need it: for subscribing by hand and by a tap, full and busy."""
    base = current_app.extensions["settings"].base_url.rstrip("/")
    full = base + url_for("calendars.feed", token=token)
    busy = base + url_for("calendars.busy", token=token)
    return {
        "full": full,
        "full_tap": "webcal://" + full.partition("://")[2],
        "busy": busy,
        "busy_tap": "webcal://" + busy.partition("://")[2],
    }


def _manageable() -> Sequence[Therapist]:
    """Whose addresses this person may manage, their own first."""
    actor = current_actor()
    listed = [
        one
        for one in list_public_therapists(actor.clinic_id)
        if is_allowed(actor, Permission.MANAGE_FEEDS, one.id)
    ]
    return sorted(listed, key=lambda one: one.id != actor.therapist_id)


def _chosen() -> Therapist | None:
    """The therapist in the address or the form, else the first. Raises `NotFound` otherwise."""
    slug = request.values.get("therapist", "")
    known = _manageable()
    if not slug:
        return next(iter(known), None)
    found = [one for one in known if one.slug == slug]
    if not found:
        raise NotFound
    return found[0]
