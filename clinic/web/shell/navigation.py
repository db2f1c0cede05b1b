"""The desk's navigation: what this person may open, with what waits there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from clinic.accounts.administration.role_labels import names_of
from clinic.accounts.browser.route_guard import current_actor
from clinic.booking.desk.diary_queries import count_requests
from clinic.calendars.imported.queries import stale_therapists
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.ruptures.safety_flags import flags_due
from clinic.notes.session_notes.unsigned import unsigned_notes
from clinic.scheduling_services.desk.queries import count_open_tasks

_OF_A_RECORD = {
    "record.show", "record.search", "record.brief", "record.new_note", "session_notes.show",
    "ledger.show", "ruptures.show", "restricted.show", "restricted.process",
    "emergency.ask", "emergency.open_record", "exercises.show", "exercises.new", "exercises.add",
    "measures.show", "measures.new", "measures.add",
}  # fmt: skip
"""Pages of one couple: below the list of couples."""


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the navigation."""

    label: str
    url: str
    icon: str
    current: bool
    count: int = 0


def init_navigation(app: Flask) -> None:
    """Give the desk's pages their navigation and the name of who is signed in."""
    app.context_processor(desk_context)


def desk_context() -> dict[str, object]:
    """What `desk_base.html` asks for; nothing is read until a page does."""
    if not (current_user and current_user.is_authenticated):
        return {}
    return {
        "desk_nav": _items(current_actor()),
        "staff_name": current_user.name,
        "staff_role": ", ".join(names_of(current_actor().roles)),
        "account_url": url_for("accounts.own_account"),
    }


def _items(actor: Actor) -> Iterator[NavigationItem]:
    """Lazily: only a page that shows the navigation pays for the counts."""
    wanted = [
        (_("Day"), "desk.day", "day", Permission.SEE_OWN_DAY),
        (_("Week"), "desk.week", "week", Permission.SEE_OWN_DAY),
        (_("Couples"), "record.couples", "people", Permission.OPEN_CHARTS),
        (_("Unsigned notes"), "record.unsigned", "note", Permission.OPEN_CHARTS),
        (_("Requests"), "desk.requests", "inbox", Permission.CHANGE_APPOINTMENT),
        (_("Practice"), "practice.overview", "sliders", Permission.SEE_PRACTICE),
        (_("Vocabularies"), "vocabularies.overview", "list", Permission.SEE_PRACTICE),
        (_("Calendar addresses"), *_feeds(actor)),
        (_("Other calendars"), "desk_calendars.overview", "plug", Permission.EDIT_HOURS),
        (_("Integrations"), "integrations.overview", "plug", Permission.SEE_INTEGRATIONS),
        (_("Deliveries"), "deliveries.overview", "mail", Permission.SEE_DELIVERIES),
        (_("Accounts"), "staff_accounts.overview", "lock", Permission.MANAGE_ACCOUNTS),
        (_("Your account"), "accounts.own_account", "person", Permission.OWN_ACCOUNT),
    ]
    for label, endpoint, icon, permission in wanted:
        if endpoint in current_app.view_functions and is_allowed(actor, permission):
            yield NavigationItem(
                label, url_for(endpoint), icon, _is_current(endpoint), _count(endpoint, actor)
            )


def _feeds(actor: Actor) -> tuple[str, str, Permission]:
    """Therapists' addresses for those who manage them, else the clinic's own."""
    if is_allowed(actor, Permission.MANAGE_FEEDS):
        return "desk_feeds.overview", "calendar", Permission.MANAGE_FEEDS
    return "desk_feeds.clinic", "calendar", Permission.MANAGE_CLINIC_FEEDS


def _is_current(endpoint: str) -> bool:
    """Whether the page is this entry's, or one below it."""
    here = request.endpoint or ""
    room = endpoint.partition(".")[0]
    if room == "record":
        return here == endpoint or (endpoint == "record.couples" and here in _OF_A_RECORD)
    if endpoint == "practice.overview" and here.startswith("instruments."):
        return True
    return here == endpoint or (room not in {"desk", "accounts"} and here.startswith(f"{room}."))


def _count(endpoint: str, actor: Actor) -> int:
    if endpoint == "desk.requests":
        return count_requests(actor)
    if endpoint == "record.unsigned":
        now = clock.now()
        return len(unsigned_notes(actor=actor, now=now)) + len(flags_due(actor=actor, now=now))
    if endpoint == "integrations.overview":
        return count_open_tasks(actor.clinic_id)
    if endpoint == "deliveries.overview":
        stands = outbox.backlog(now=clock.now())
        return stands.retrying + stands.dead
    if endpoint == "desk_calendars.overview":
        return len(stale_therapists(actor, now=clock.now()))
    return 0
