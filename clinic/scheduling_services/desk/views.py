"""Integrations at the desk: what arrived, what was done with it and why, and setting things up."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.config import current_settings
from clinic.foundation.clock import clock
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.practice.clinic.queries import list_public_therapists, list_session_types
from clinic.practice.models import in_language
from clinic.scheduling_services.desk import connections, labels, queries
from clinic.scheduling_services.desk.forms import (
    STEP_FORMS,
    ConnectionForm,
    IntegrationForm,
    SubscriberForm,
)
from clinic.scheduling_services.models import ServiceConnection
from clinic.scheduling_services.received import tasks
from clinic.scheduling_services.sent import outgoing_webhooks

integrations = Blueprint("integrations", __name__, url_prefix="/desk/integrations")
Page = str | Response | tuple[str, int]
STATES = ("waiting", "failed", "broken", "applied", "ignored", "new")


@integrations.get("")
@requires(Permission.SEE_INTEGRATIONS)
def overview() -> str:
    """Everything at a glance: health, what needs somebody, every delivery."""
    return _overview()


@integrations.get("/deliveries/<delivery_id>")
@requires(Permission.MANAGE_INTEGRATIONS)
def delivery(delivery_id: str) -> str:
    """One delivery with its text; whoever opens it is noted."""
    body = connections.read_body(delivery_id, **_by())
    with suppress(ValueError):  # unreadable is shown as it came
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    line = queries.get_delivery(delivery_id, clinic_id=g.clinic_id)
    return _page("delivery", one=line, body=body)


@integrations.post("/deliveries/<delivery_id>/replay")
@requires(Permission.SEE_INTEGRATIONS)
def replay(delivery_id: str) -> Response:
    """Apply it again."""
    connections.replay_delivery(delivery_id, **_by())
    flash(_("It will be looked at again within a minute."), "ok")
    return _back()


@integrations.post("/tasks/<task_id>/done")
@requires(Permission.SEE_INTEGRATIONS)
def done(task_id: str) -> Response:
    """Somebody has seen to it."""
    tasks.finish_task(task_id, **_by())
    return _back()


@integrations.post("/tasks/<task_id>/lift")
@requires(Permission.SEE_INTEGRATIONS)
def lift(task_id: str) -> Response:
    """Give the time of an absence there back."""
    tasks.lift_block(task_id, **_by())
    flash(_("Its time can be booked again."), "ok")
    return _back()


@integrations.post("/connections")
@requires(Permission.MANAGE_INTEGRATIONS)
def add() -> Page:
    """A new connection; the next page sets it up."""
    form = ConnectionForm()
    with form:
        row = connections.add_connection(form.provider.data, name=form.name.data, **_by())
        return redirect(url_for("integrations.setup", connection_id=row.id), 303)
    return _overview(form), 422


@integrations.get("/connections/<connection_id>")
@requires(Permission.MANAGE_INTEGRATIONS)
def setup(connection_id: str) -> str:
    """Key, secret, webhook, and who and what is meant by whom."""
    # Whoever comes from a delivery that waits finds filled in what it named.
    named = {"host": request.args.get("host", ""), "event-type": request.args.get("event_type", "")}
    return _setup_page(queries.get_connection(connection_id, clinic_id=g.clinic_id), named)


@integrations.post("/connections/<connection_id>/<step>")
@requires(Permission.MANAGE_INTEGRATIONS)
def change(connection_id: str, step: str) -> Page:
    """One step of setting it up."""
    row = queries.get_connection(connection_id, clinic_id=g.clinic_id)
    form = _step_form(step, row)
    steps: dict[str, Callable[..., object]] = {
        "key": connections.set_api_key,
        "secret": connections.set_secret,
        "host": connections.map_host,
        "event-type": connections.map_event_type,
        "test": connections.check_key,
        "rotate": connections.rotate_secret,
        "webhook": partial(connections.create_webhook, url=_address(row.provider)),
    }
    if step not in steps:
        raise NotFound
    with form:
        steps[step](row.id, **form.typed(), **_by())
        flash(_("Done."), "ok")
        return redirect(url_for("integrations.setup", connection_id=row.id), 303)
    return _setup_page(row, {}, refused=(step, form)), 422


@integrations.post("/subscribers")
@requires(Permission.MANAGE_INTEGRATIONS)
def subscribe() -> Page:
    """Add a subscriber; its secret is shown this once."""
    form = SubscriberForm()
    with form:
        row, secret = outgoing_webhooks.add_subscriber(
            name=form.name.data, url=form.url.data, **_by()
        )
        return _page("subscriber", row=row, secret=secret)
    return _overview(form), 422


@integrations.post("/subscribers/<subscriber_id>/end")
@requires(Permission.MANAGE_INTEGRATIONS)
def unsubscribe(subscriber_id: str) -> Response:
    """End a subscriber."""
    outgoing_webhooks.end_subscriber(subscriber_id, **_by())
    flash(_("It is told nothing more."), "ok")
    return _back()


@integrations.post("/messages/<message_id>/again")
@requires(Permission.REDELIVER)
def send_again(message_id: str) -> Response:
    """Send a message to another system again."""
    outgoing_webhooks.redeliver_message(message_id, **_by())
    flash(_("It will be sent again within a minute."), "ok")
    return _back()


def _overview(refused: IntegrationForm | None = None) -> str:
    state = request.args.get("state", "")
    before = request.args.get("before", "")
    deliveries, older = queries.list_deliveries(
        g.clinic_id, state=state if state in STATES else None, before=before
    )
    return _page(
        "overview",
        connections=[
            (one, queries.health_of(one, now=clock.now()))
            for one in queries.list_connections(g.clinic_id)
        ],
        tasks=queries.list_tasks(g.clinic_id),
        deliveries=deliveries,
        older=older,
        before=before,
        state=state,
        states=STATES,
        refused=queries.refusals_since(clock.now() - timedelta(days=7)),
        subscribers=queries.list_subscribers(g.clinic_id),
        messages=queries.list_messages(g.clinic_id),
        new_connection=_sent_or_new(ConnectionForm, refused),
        new_subscriber=_sent_or_new(SubscriberForm, refused),
    )


def _sent_or_new(kind: type[IntegrationForm], refused: IntegrationForm | None) -> IntegrationForm:
    return refused if isinstance(refused, kind) else kind(formdata=None)


def _setup_page(
    row: ServiceConnection,
    named: Mapping[str, str],
    refused: tuple[str, IntegrationForm] | None = None,
) -> str:
    forms = {step: _step_form(step, row, formdata=None) for step in STEP_FORMS}
    for step, name in named.items():
        forms[step].external.data = name
    return _page(
        "connection",
        row=row,
        health=queries.health_of(row, now=clock.now()),
        address=_address(row.provider),
        forms=forms | dict([refused] if refused else []),
    )


def _step_form(step: str, row: ServiceConnection, **given: Any) -> IntegrationForm:
    """The form of a step; a step without fields has one that only holds refusals."""
    form = STEP_FORMS.get(step, IntegrationForm)(**given)
    if step == "key" and "formdata" in given:
        form.version.data = row.bookings_version
    if "therapist" in form:
        form.therapist.choices = [
            SelectChoice(one.slug, one.name) for one in list_public_therapists(g.clinic_id)
        ]
    if "session_type" in form:
        form.therapist.choices.insert(0, SelectChoice("", _("whoever the organizer is")))
        form.session_type.choices = [
            SelectChoice(one.slug, in_language(one.name, str(get_locale())[:2]))
            for one in list_session_types(g.clinic_id)
        ]
    return form


def _page(name: str, **values: Any) -> str:
    return render_template(
        f"scheduling_services/{name}.html", zone=g.clinic.time_zone, labels=labels, **values
    )


def _address(provider: str) -> str:
    base = current_settings().base_url.rstrip("/")
    return f"{base}/webhooks/{provider}"


def _back() -> Response:
    return redirect(url_for("integrations.overview"), 303)


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}
