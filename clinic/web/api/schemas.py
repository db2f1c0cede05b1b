"""The documents of the JSON API, as marshmallow schemas: parsed by them, documented from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields, validates, validates_schema

from clinic.booking.appointments.models import AppointmentStatus
from clinic.booking.rules.contact_details import (
    CONCERNS_AT_MOST,
    MESSAGE_LENGTH,
    NAME_LENGTH,
    check_time_zone,
)
from clinic.foundation.errors import N_
from clinic.foundation.zone_offsets import FIRST_ZONE_YEAR, LAST_ZONE_YEAR
from clinic.practice.rules.practice_rules import FORMATS, SITE_LANGUAGES
from clinic.web.api.fields import (
    Choice,
    DayField,
    Document,
    Instant,
    Part,
    Slug,
    Text,
    Texts,
    Truth,
)

DAYS_AT_MOST = 92
_NO_TYPE = N_("We do not offer this.")
_NO_THERAPIST = N_("This therapist does not offer this.")
_NO_FORMAT = N_("Please choose online or in person.")
_NO_LANGUAGE = N_("Please choose English or Portuguese.")


class SlotsQuery(Document):
    """Which slots are wanted."""

    session_type = Slug(required=True, error=_NO_TYPE, metadata={"description": "Its slug."})
    therapist = Slug(
        error=_NO_THERAPIST,
        metadata={"description": "Their slug; everybody who offers it if left."},
    )
    from_ = DayField(data_key="from", required=True, metadata={"description": "The first day."})
    to = DayField(required=True, metadata={"description": "The last day, at most 92 days in all."})
    time_zone = Text(
        metadata={"description": "IANA name: whose days are meant. Default: the clinic's."}
    )
    format = Choice(*FORMATS, error=_NO_FORMAT)

    @validates("from_", "to")
    def check_year(self, value: Any, **kwargs: Any) -> None:
        """Times are computed for the years that zones are sure of."""
        del kwargs
        if not FIRST_ZONE_YEAR < value.year < LAST_ZONE_YEAR:
            raise ValidationError(N_("This day is out of reach."))

    @validates("time_zone")
    def check_zone(self, value: str, **kwargs: Any) -> None:
        """Only names of the IANA list."""
        del kwargs
        if error := check_time_zone(value):
            raise ValidationError(error)

    @validates_schema(skip_on_field_errors=True)
    def check_days(self, data: dict[str, Any], **kwargs: Any) -> None:
        """In order, and no more than can be asked for at once."""
        del kwargs
        if data["to"] < data["from_"]:
            raise ValidationError(N_("The last day lies before the first."), "to")
        if data["to"] - data["from_"] >= timedelta(days=DAYS_AT_MOST):
            raise ValidationError(N_("Please ask for up to 92 days at once."), "to")


class PartnerIn(Document):
    """Whoever books."""

    name = Text(required=True, metadata={"minLength": 1, "maxLength": NAME_LENGTH})
    email = Text(required=True, metadata={"format": "email", "maxLength": 254})
    time_zone = Text(metadata={"description": "IANA name; the clinic's if left."})
    language = Choice(
        *SITE_LANGUAGES, error=_NO_LANGUAGE, metadata={"description": "The clinic's if left."}
    )


class OtherPartnerIn(Document):
    """The partner they come with; time zone and language are taken from who books."""

    name = Text(required=True, metadata={"minLength": 1, "maxLength": NAME_LENGTH})
    email = Text(required=True, metadata={"format": "email", "maxLength": 254})


class BookingIn(Document):
    """What a booking needs."""

    therapist = Slug(
        load_default=None,
        allow_none=True,
        error=_NO_THERAPIST,
        metadata={"description": "Their slug, or null for whoever is free."},
    )
    session_type = Slug(required=True, error=_NO_TYPE)
    start = Instant(required=True, metadata={"description": "RFC 3339, with its offset."})
    format = Choice(*FORMATS, required=True, error=_NO_FORMAT)
    partner = Part(PartnerIn, required=True)
    other_partner = Part(OtherPartnerIn, load_default=None, allow_none=True)
    concerns = Texts(
        load_default=list,
        metadata={
            "maxItems": CONCERNS_AT_MOST,
            "description": "Codes of what brings them, as therapists list them.",
        },
    )
    message = Text(load_default="", metadata={"maxLength": MESSAGE_LENGTH})
    privacy_accepted = Truth(required=True, metadata={"enum": [True]})


class BookingHeaders(Document):
    """What makes a repeated booking the same one."""

    key = Text(
        data_key="Idempotency-Key",
        metadata={
            "pattern": "^[!-~]{1,200}$",
            "description": "Chosen at random by the caller: sent again, it gives the same answer.",
        },
    )


class MoveIn(Document):
    """The new time."""

    start = Instant(required=True, metadata={"description": "RFC 3339, with its offset."})


class CancelIn(Document):
    """Why, if they like to say."""

    reason = Text(load_default="", metadata={"maxLength": MESSAGE_LENGTH})


class BookingOut(Document):
    """An appointment as it was booked."""

    reference = Text(required=True, metadata={"description": "To be read out on the phone."})
    status = Text(required=True, metadata={"enum": [status.value for status in AppointmentStatus]})
    start = Instant(required=True)
    end = Instant(required=True)
    therapist = Text(required=True)
    session_type = Text(required=True)
    uid = Text(required=True, metadata={"description": "The calendar entry's, for life."})
    manage_url = Text(required=True, metadata={"description": "The page of this appointment."})
    manage_token = Text(required=True, metadata={"description": "Opens it here. Keep it secret."})
    calendar_url = Text(
        required=True, metadata={"description": "This one entry as iCalendar. Keep it secret."}
    )


class AppointmentOut(BookingOut):
    """An appointment as it stands."""

    sequence = fields.Integer(required=True, metadata={"minimum": 0})
    format = Text(required=True, metadata={"enum": list(FORMATS)})


class SlotOut(Document):
    """A time that can be booked."""

    start = Instant(required=True)
    end = Instant(required=True)
    therapist = Text(required=True)


class SlotsOut(Document):
    """Open slots, by start."""

    time_zone = Text(required=True)
    slots = fields.List(Part(SlotOut), required=True)


_BY_LANGUAGE = {"description": "By language.", "additionalProperties": {"type": "string"}}


class TherapistOut(Document):
    """A therapist, as the public site shows them."""

    slug = Text(required=True)
    name = Text(required=True)
    title = fields.Dict(required=True, metadata=_BY_LANGUAGE)
    biography = fields.Dict(required=True, metadata=_BY_LANGUAGE)
    time_zone = Text(required=True)
    languages = Texts(required=True)
    formats = Texts(required=True)
    modalities = Texts(required=True)
    concerns = Texts(required=True)
    accepts_new_couples = Truth(required=True)
    session_types = Texts(required=True, metadata={"description": "Slugs."})


class TherapistsOut(Document):
    """Therapists, in the clinic's order."""

    therapists = fields.List(Part(TherapistOut), required=True)


class SessionTypeOut(Document):
    """A kind of appointment that anybody can book."""

    slug = Text(required=True)
    name = fields.Dict(required=True, metadata=_BY_LANGUAGE)
    description = fields.Dict(required=True, metadata=_BY_LANGUAGE)
    minutes = fields.Integer(required=True)
    formats = Texts(required=True)
    needs_confirmation = Truth(required=True)
    notice_minutes = fields.Integer(required=True)
    horizon_days = fields.Integer(required=True)
    change_notice_minutes = fields.Integer(required=True)


class SessionTypesOut(Document):
    """Kinds of appointments, in the clinic's order."""

    session_types = fields.List(Part(SessionTypeOut), required=True)
