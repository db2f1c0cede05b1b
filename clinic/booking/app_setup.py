"""Register the booking package: its pages, its mails, and when requests expire."""

from __future__ import annotations

from flask import Flask

from clinic.booking.appointments.outside_hours import booked_outside_hours
from clinic.booking.appointments.request_expiry import EXPIRE, expire_when_due
from clinic.booking.appointments.sequence_and_history import MAIL
from clinic.booking.desk.appointment_views import desk_appointments
from clinic.booking.desk.diary_views import desk
from clinic.booking.site.link_views import links
from clinic.booking.site.mails import send_appointment_mail
from clinic.booking.site.views import booking
from clinic.foundation.outbox import MAIL_LANE, register_handler


def init_app(app: Flask) -> None:
    """Register the blueprints and the outbox handlers."""
    for blueprint in (booking, links, desk, desk_appointments):
        app.register_blueprint(blueprint)
    app.extensions["booked_outside_hours"] = booked_outside_hours
    register_handler(app, MAIL, "mail", send_appointment_mail, lane=MAIL_LANE)
    register_handler(app, EXPIRE, "expire", expire_when_due)
