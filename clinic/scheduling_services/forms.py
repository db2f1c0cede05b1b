"""What the integrations pages take in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from clinic.scheduling_services.calcom_client import BOOKING_VERSIONS

NEEDED = _l("Please fill this in.")


class ConnectionForm(FlaskForm):
    """A new connection."""

    provider = SelectField(
        _l("Service"),
        choices=[SelectChoice("calcom", "Cal.com"), SelectChoice("calendly", "Calendly")],
    )
    name = StringField(_l("Name"), [InputRequired(NEEDED), Length(max=60)])


class KeyForm(FlaskForm):
    """An API key and the version its bookings speak."""

    api_key = PasswordField(_l("API key"), [InputRequired(NEEDED)])
    version = SelectField(
        _l("Version of its bookings"), choices=[SelectChoice(one, one) for one in BOOKING_VERSIONS]
    )


class SecretForm(FlaskForm):
    """A secret chosen at the service."""

    secret = PasswordField(_l("Signing secret"), [InputRequired(NEEDED)])


class HostForm(FlaskForm):
    """Who an organizer is."""

    external = StringField(_l("Address or id there"), [InputRequired(NEEDED)])
    therapist = SelectField(_l("Therapist"))


class EventTypeForm(FlaskForm):
    """Which session type an event type is."""

    external = StringField(_l("Event type there"), [InputRequired(NEEDED)])
    session_type = SelectField(_l("Session type"))
    therapist = SelectField(_l("Therapist"))


class SubscriberForm(FlaskForm):
    """Another system to be told."""

    name = StringField(_l("Name"), [InputRequired(NEEDED), Length(max=60)])
    url = StringField(_l("Address"), [InputRequired(NEEDED)])
