"""Register the scheduling services: webhooks in, pushes and webhooks out, the desk's page."""

from __future__ import annotations

from flask import Flask

from clinic.booking.appointments.sequence_and_history import CHANGED
from clinic.foundation.outbox import register_handler
from clinic.practice.hours.service import HOURS_CHANGED
from clinic.scheduling_services.desk.views import integrations
from clinic.scheduling_services.received.apply import SETTLE, apply_delivery, settle_chain
from clinic.scheduling_services.received.inbox import APPLY
from clinic.scheduling_services.sent.calcom_availability import follow_hours
from clinic.scheduling_services.sent.outgoing_webhooks import SEND, announce_change, send_message
from clinic.scheduling_services.sent.push import follow_change
from clinic.scheduling_services.sent.reconcile import RECONCILE, reconcile_when_due
from clinic.scheduling_services.webhook_views import webhooks


def init_app(app: Flask) -> None:
    """Register the blueprints and the outbox handlers.

    What calls Cal.com and what calls the clinic's other systems waits in a lane of its own.
    """
    for blueprint in (webhooks, integrations):
        app.register_blueprint(blueprint)
    register_handler(app, APPLY, "apply", apply_delivery)
    register_handler(app, SETTLE, "settle", settle_chain)
    register_handler(app, CHANGED, "calcom", follow_change, lane="calcom")
    register_handler(app, CHANGED, "webhooks", announce_change, lane="calcom")
    register_handler(app, HOURS_CHANGED, "calcom", follow_hours, lane="calcom")
    register_handler(app, SEND, "send", send_message, lane="webhooks")
    register_handler(app, RECONCILE, "reconcile", reconcile_when_due, lane="calcom")
