"""Integrations at the desk: what arrived, what was done with it and why, and setting things up."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from clinic.accounts.guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import ClinicError, InvalidInput, NotFound
from clinic.foundation.permissions import Permission
from clinic.practice.models import in_language
from clinic.practice.queries import list_public_therapists, list_session_types
from clinic.scheduling_services import connections, outgoing, queries, tasks, words
from clinic.scheduling_services.forms import (
    ConnectionForm,
    EventTypeForm,
    HostForm,
    KeyForm,
    SecretForm,
    SubscriberForm,
)

integrations = Blueprint("integrations", __name__, url_prefix="/desk/integrations")
STATES = ("waiting", "failed", "broken", "applied", "ignored", "new")


@integrations.get("")
@requires(Permission.SEE_INTEGRATIONS)
def overview() -> str:
    """Everything at a glance: health, what needs somebody, every delivery."""
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
        new_connection=ConnectionForm(formdata=None),
        new_subscriber=SubscriberForm(formdata=None),
    )


@integrations.get("/deliveries/<delivery_id>")
@requires(Permission.MANAGE_INTEGRATIONS)
def delivery(delivery_id: str) -> str:
    """One delivery with its words; whoever opens it is noted."""
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
def add() -> Response:
    """A new connection; the next page sets it up."""
    form = ConnectionForm()
    if not form.validate():
        flash(_("Please name it, in up to 60 characters."), "danger")
        return _back()
    row = connections.add_connection(form.provider.data, name=form.name.data or "", **_by())
    return redirect(url_for("integrations.setup", connection_id=row.id), 303)


@integrations.get("/connections/<connection_id>")
@requires(Permission.MANAGE_INTEGRATIONS)
def setup(connection_id: str) -> str:
    """Key, secret, webhook, and who and what is meant by whom."""
    row = queries.get_connection(connection_id, clinic_id=g.clinic_id)
    # Two forms of one page: their fields need ids of their own, their names are read without.
    host = _choices(HostForm(formdata=None))
    kind = _choices(EventTypeForm(formdata=None))
    # Whoever comes from a delivery that waits finds filled in what it named.
    host.external.data = request.args.get("host", "")
    kind.external.data = request.args.get("event_type", "")
    for name, form in (("host", host), ("type", kind)):
        for one in form:
            one.id = f"{name}-{one.name}"
    return _page(
        "connection",
        row=row,
        health=queries.health_of(row, now=clock.now()),
        address=_address(row.provider),
        key=KeyForm(formdata=None, version=row.bookings_version),
        secret=SecretForm(formdata=None),
        host=host,
        event_type=kind,
    )


@integrations.post("/connections/<connection_id>/<step>")
@requires(Permission.MANAGE_INTEGRATIONS)
def change(connection_id: str, step: str) -> Response:
    """One step of setting it up."""
    row = queries.get_connection(connection_id, clinic_id=g.clinic_id)
    steps: dict[str, Callable[[], Any]] = {
        "key": lambda: _filled(KeyForm(), connections.set_api_key, row.id),
        "secret": lambda: _filled(SecretForm(), connections.set_secret, row.id),
        "host": lambda: _filled(_choices(HostForm()), connections.map_host, row.id),
        "event-type": lambda: _filled(
            _choices(EventTypeForm()), connections.map_event_type, row.id
        ),
        "test": lambda: connections.check_key(row.id, **_by()),
        "rotate": lambda: connections.rotate_secret(row.id, **_by()),
        "webhook": lambda: connections.create_webhook(row.id, url=_address(row.provider), **_by()),
    }
    if step not in steps:
        raise NotFound
    try:
        steps[step]()
        flash(_("Done."), "ok")
    except ClinicError as refused:
        flash(_said(refused), "danger")
    return redirect(url_for("integrations.setup", connection_id=row.id), 303)


@integrations.post("/subscribers")
@requires(Permission.MANAGE_INTEGRATIONS)
def subscribe() -> str | Response:
    """Tell another system; its secret is shown this once."""
    form = SubscriberForm()
    try:
        name, url = form.name.data or "", form.url.data or ""
        row, secret = outgoing.add_subscriber(name=name, url=url, **_by())
    except ClinicError as refused:
        flash(_said(refused), "danger")
        return _back()
    return _page("subscriber", row=row, secret=secret)


@integrations.post("/subscribers/<subscriber_id>/end")
@requires(Permission.MANAGE_INTEGRATIONS)
def unsubscribe(subscriber_id: str) -> Response:
    """Tell it no more."""
    outgoing.end_subscriber(subscriber_id, **_by())
    flash(_("It is told nothing more."), "ok")
    return _back()


@integrations.post("/messages/<message_id>/again")
@requires(Permission.REDELIVER)
def send_again(message_id: str) -> Response:
    """Send a message to another system again."""
    outgoing.redeliver_message(message_id, **_by())
    flash(_("It will be sent again within a minute."), "ok")
    return _back()


def _filled(form: Any, act: Callable[..., Any], connection_id: str) -> None:
    if not form.validate():
        raise InvalidInput({name: [str(one) for one in said] for name, said in form.errors.items()})
    values = {name: value for name, value in form.data.items() if name != "csrf_token"}
    act(connection_id, **values, **_by())


def _choices(form: Any) -> Any:
    therapists = [SelectChoice(one.slug, one.name) for one in list_public_therapists(g.clinic_id)]
    if isinstance(form, EventTypeForm):
        form.therapist.choices = [SelectChoice("", _("whoever the organizer is")), *therapists]
        form.session_type.choices = [
            SelectChoice(one.slug, in_language(one.name, str(get_locale())[:2]))
            for one in list_session_types(g.clinic_id)
        ]
    else:
        form.therapist.choices = therapists
    return form


def _page(name: str, **known: Any) -> str:
    return render_template(
        f"scheduling_services/{name}.html", zone=g.clinic.time_zone, words=words, **known
    )


def _said(refused: ClinicError) -> str:
    if isinstance(refused, InvalidInput):
        return " ".join(_(one) for said in refused.errors.values() for one in said)
    return str(_(refused.message)) if refused.message else str(_("This could not be done."))


def _address(provider: str) -> str:
    base = current_app.extensions["settings"].base_url.rstrip("/")
    return f"{base}/webhooks/{provider}"


def _back() -> Response:
    return redirect(url_for("integrations.overview"), 303)


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}
