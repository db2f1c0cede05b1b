"""A partner's own calendar addresses, behind the link mailed to them for one of their appointments.

A GET never changes anything: mail scanners open links. So an address is made by a button.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import public
from clinic.booking.appointments.links import MailedLinkNeeded, open_link
from clinic.calendars.feeds.queries import list_partner_feeds
from clinic.calendars.feeds.service import create_partner_feed, revoke_feed
from clinic.calendars.feeds.writer.subscribe_links import subscribe_links
from clinic.calendars.pages.forms import PartnerFeedForm
from clinic.config import current_settings
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require

partner_feeds = Blueprint("partner_feeds", __name__)


@partner_feeds.errorhandler(MailedLinkNeeded)
def ask_for_the_mailed_link(refused: MailedLinkNeeded) -> tuple[str, int]:
    """Explain which link opens this page, and lead back to the appointment that this one opens."""
    page = render_template(
        "errors/error.html",
        title=_("Please use the link in our e-mail"),
        message=_(refused.says),
        next_url=url_for("links.manage", **(request.view_args or {})),
        next_label=_("Back to your appointment"),
    )
    return page, refused.status


@partner_feeds.get("/a/<token>/calendar")
@public
@limiter.limit("60/minute")
def overview(token: str) -> str:
    """The addresses in use, and a form for a new one."""
    return _page(token, PartnerFeedForm())


@partner_feeds.post("/a/<token>/calendar")
@public
@limiter.limit("20/minute")
def create(token: str) -> tuple[str, int]:
    """Make an address and show it, this once."""
    now, form = clock.now(), PartnerFeedForm()
    opened = open_link(token, now=now)
    partner = opened.partner
    if not form.validate():
        return _page(token, form), 422
    try:
        _feed, made = create_partner_feed(
            partner.id,
            name=form.name.data or "",
            settings=form.settings(),
            actor=opened.actor,
            now=now,
        )
    except InvalidInput as refused:
        form.name.errors = [_(said) for errors in refused.errors.values() for said in errors]
        return _page(token, form), 422
    base = current_settings().base_url
    links = subscribe_links(base, made, name=_("Appointments"))
    return _page(token, PartnerFeedForm(formdata=None), made=links), 201


@partner_feeds.post("/a/<token>/calendar/<feed_id>/end")
@public
@limiter.limit("20/minute")
def end(token: str, feed_id: str) -> Response:
    """End an address."""
    now = clock.now()
    opened = open_link(token, now=now)
    require(opened.actor, Permission.MANAGE_OWN_FEEDS, opened.partner.id)
    revoke_feed(feed_id, actor=opened.actor, now=now)
    flash(_("This address no longer opens anything. Calendars that used it stop updating."), "ok")
    return redirect(url_for("partner_feeds.overview", token=token), 303)


def _page(token: str, form: PartnerFeedForm, **more: object) -> str:
    opened = open_link(token, now=clock.now())
    partner = opened.partner
    require(opened.actor, Permission.MANAGE_OWN_FEEDS, partner.id)
    return render_template(
        "calendars/partner_feeds.html",
        form=form,
        token=token,
        feeds=list_partner_feeds(partner.id),
        zone=partner.person.time_zone,
        file_url=url_for("calendars.entry", token=token),
        manage_url=url_for("links.manage", token=token),
        **more,
    )
