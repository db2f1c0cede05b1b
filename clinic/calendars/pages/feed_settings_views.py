"""Calendar addresses at the desk, a therapist's and the clinic's: make, change, see read, end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.calendars.feeds import service
from clinic.calendars.feeds.queries import list_clinic_feeds, list_feeds, owner_names
from clinic.calendars.feeds.writer.subscribe_links import SubscribeLinks, subscribe_links
from clinic.calendars.models import CalendarFeed, FeedKind
from clinic.calendars.pages.forms import FeedForm
from clinic.config import current_settings
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.practice.clinic.queries import list_public_therapists
from clinic.practice.models import Therapist

desk_feeds = Blueprint("desk_feeds", __name__, url_prefix="/desk/feeds")

Page = str | tuple[str, int]


@desk_feeds.get("")
@requires(Permission.MANAGE_FEEDS)
def overview() -> str:
    """A therapist's live addresses, and a form for a new one."""
    return _page(FeedForm(FeedKind.THERAPIST))


@desk_feeds.post("")
@requires(Permission.MANAGE_FEEDS)
def create() -> Page:
    """Make an address and show it, this once: only its hash is kept."""
    form, therapist = FeedForm(FeedKind.THERAPIST), _chosen()
    if therapist is None:
        raise NotFound
    made = _create_feed(
        form,
        lambda: service.create_therapist_feed(
            therapist.id, name=form.name.data or "", settings=form.settings(), **_by()
        ),
    )
    if made is None:
        return _page(form), 422
    fresh = FeedForm(FeedKind.THERAPIST, formdata=None)
    return _page(fresh, made=made, made_name=form.name.data), 201


@desk_feeds.get("/clinic")
@requires(Permission.MANAGE_CLINIC_FEEDS)
def clinic() -> str:
    """The live addresses of the clinic's calendar, and a form for a new one."""
    return _clinic_page(FeedForm(FeedKind.CLINIC))


@desk_feeds.post("/clinic")
@requires(Permission.MANAGE_CLINIC_FEEDS)
def create_clinic() -> Page:
    """Make an address of the clinic's calendar and show it, this once."""
    form = FeedForm(FeedKind.CLINIC)
    made = _create_feed(
        form,
        lambda: service.create_clinic_feed(
            name=form.name.data or "", settings=form.settings(), **_by()
        ),
    )
    if made is None:
        return _clinic_page(form), 422
    fresh = FeedForm(FeedKind.CLINIC, formdata=None)
    return _clinic_page(fresh, made=made, made_name=form.name.data), 201


@desk_feeds.route("/<feed_id>", methods=["GET", "POST"])
@requires(Permission.OWN_ACCOUNT)
def edit(feed_id: str) -> Page | Response:
    """Change what an address shows; the address itself stays."""
    feed = service.get_managed_feed(feed_id, actor=current_actor())
    form = FeedForm(FeedKind(feed.kind), feed)
    if form.validate_on_submit():
        try:
            service.change_feed(
                feed_id, name=form.name.data or "", settings=form.settings(), **_by()
            )
        except InvalidInput as refused:
            _show_errors(form, refused)
        else:
            flash(_("Saved. Calendars show it when they next look."), "ok")
            return redirect(_list_page_of(feed_id), 303)
    page = render_template("calendars/desk_feed.html", form=form, back_url=_list_page_of(feed_id))
    return (page, 422) if form.is_submitted() else page


@desk_feeds.post("/<feed_id>/revoke")
@requires(Permission.OWN_ACCOUNT)
def revoke(feed_id: str) -> Response:
    """End an address."""
    home = _list_page_of(feed_id)
    service.revoke_feed(feed_id, **_by())
    flash(_("This address no longer opens anything. Calendars that used it stop updating."), "ok")
    return redirect(home, 303)


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}


def _create_feed(
    form: FeedForm, make: Callable[[], tuple[CalendarFeed, str]]
) -> SubscribeLinks | None:
    """The links of the new address; None, with errors in the form, when it was not made."""
    if not form.validate():
        return None
    try:
        _feed, token = make()
    except InvalidInput as refused:
        _show_errors(form, refused)
        return None
    base = current_settings().base_url
    return subscribe_links(base, token, name=_("Sessions"))


def _show_errors(form: FeedForm, refused: InvalidInput) -> None:
    for name, said in refused.errors.items():
        field = form.reminder if name == "reminder_minutes" else form[name]
        field.errors = [_(text) for text in said]


def _list_page_of(feed_id: str) -> str:
    """The page that lists this address."""
    feed = service.get_managed_feed(feed_id, actor=current_actor())
    if feed.kind == FeedKind.CLINIC:
        return url_for("desk_feeds.clinic")
    slugs = {one.id: one.slug for one in _manageable()}
    return url_for("desk_feeds.overview", therapist=slugs.get(feed.therapist_id or ""))


def _page(form: FeedForm, **more: object) -> str:
    therapist = _chosen()
    return render_template(
        "calendars/desk_feeds.html",
        form=form,
        therapist=therapist,
        therapists=_manageable(),
        feeds=list_feeds(therapist.id) if therapist else (),
        may_see_clinic=is_allowed(current_actor(), Permission.MANAGE_CLINIC_FEEDS),
        **more,
    )


def _clinic_page(form: FeedForm, **more: object) -> str:
    feeds = list_clinic_feeds(current_actor().clinic_id)
    return render_template(
        "calendars/desk_clinic_feeds.html",
        form=form,
        feeds=feeds,
        owners=owner_names(feeds),
        may_see_therapists=is_allowed(current_actor(), Permission.MANAGE_FEEDS),
        **more,
    )


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
