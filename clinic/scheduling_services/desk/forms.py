"""What the integrations pages take in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, SelectField, URLField
from wtforms.fields.choices import SelectChoice

from clinic.foundation.errors import InvalidInput
from clinic.foundation.outbound.allowed_addresses import OutboundRefused
from clinic.practice.form_fields import Needed, PracticeForm, line
from clinic.scheduling_services.sent.calcom_client import (
    BOOKING_VERSIONS,
    CalcomKeyRefused,
    CalcomRefused,
    CalcomUnavailable,
)

REFUSED_THERE = (CalcomUnavailable, CalcomKeyRefused, CalcomRefused, OutboundRefused)
"""What an outside service, or the way to it, does not allow."""


class IntegrationForm(PracticeForm):
    """A step of setting up; several stand on a page, so the ids of fields begin with the form's."""

    about = "step"

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for field in self:
            field.id = f"{self.about}-{field.name}"

    def typed(self) -> dict[str, Any]:
        """What was typed, by the field's name."""
        return {one.name: one.data or "" for one in self if not isinstance(one, HiddenField)}

    def __enter__(self) -> None:
        """What was typed wrongly, or is refused there, the form says, and what follows goes on.

        Any other refusal is none of a form's and is answered as anywhere else.
        """

    def __exit__(self, _kind: object, refused: BaseException | None, _trace: object) -> bool:
        if isinstance(refused, InvalidInput):
            self.show(refused.errors)
            return True
        if isinstance(refused, REFUSED_THERE):
            self.form_errors.append(_(refused.message))
            return True
        return False


class ConnectionForm(IntegrationForm):
    """A new connection."""

    about = "connection"
    provider = SelectField(
        _l("Service"),
        choices=[SelectChoice("calcom", "Cal.com"), SelectChoice("calendly", "Calendly")],
    )
    name = line(_l("Name"), needed=True)


class KeyForm(IntegrationForm):
    """An API key and the version its bookings speak."""

    about = "key"
    api_key = PasswordField(_l("API key"), [Needed()])
    version = SelectField(
        _l("Version of its bookings"), choices=[SelectChoice(one, one) for one in BOOKING_VERSIONS]
    )


class SecretForm(IntegrationForm):
    """A secret chosen at the service."""

    about = "secret"
    secret = PasswordField(_l("Signing secret"), [Needed()])


class HostForm(IntegrationForm):
    """Who an organizer is."""

    about = "host"
    external = line(_l("Address or id there"), needed=True)
    therapist = SelectField(_l("Therapist"), choices=[])


class EventTypeForm(IntegrationForm):
    """Which session type an event type is."""

    about = "type"
    external = line(_l("Event type there"), needed=True)
    session_type = SelectField(_l("Session type"), choices=[])
    therapist = SelectField(_l("Therapist"), choices=[])


class SubscriberForm(IntegrationForm):
    """Another system to be told."""

    about = "subscriber"
    name = line(_l("Name"), needed=True)
    url = line(_l("Address"), needed=True, kind=URLField)


STEP_FORMS: Mapping[str, type[IntegrationForm]] = {
    "key": KeyForm,
    "secret": SecretForm,
    "host": HostForm,
    "event-type": EventTypeForm,
}
"""The steps of setting up that ask for something."""
