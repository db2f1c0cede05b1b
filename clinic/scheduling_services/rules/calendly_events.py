"""Calendly deliveries, read into events. One invitee is one booking; a move is two deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from clinic.scheduling_services.rules.events import (
    AbsenceMark,
    Attendee,
    EventKind,
    Provider,
    ServiceEvent,
)
from clinic.scheduling_services.rules.payload_fields import (
    MAX_NAME,
    email,
    items,
    mapping,
    maybe_id,
    need_id,
    need_instant,
    text,
    time_zone,
)
from clinic.scheduling_services.rules.payloads import PayloadBroken

#: Events that change nothing here, each with the reason shown on the integrations page.
IGNORED: Mapping[str, str] = {
    "routing_form_submission.created": "a routing form is not an appointment",
}

_KINDS: Mapping[str, EventKind] = {
    "invitee.created": EventKind.CREATED,
    "invitee.canceled": EventKind.CANCELLED,
    "invitee_no_show.created": EventKind.NO_SHOW,
    "invitee_no_show.deleted": EventKind.NO_SHOW,
}


def parse_calendly(body: Mapping[str, Any]) -> ServiceEvent:
    """What a verified Calendly body says; raises PayloadBroken for unusable essentials."""
    trigger = body.get("event")
    if not isinstance(trigger, str) or not trigger or len(trigger) > MAX_NAME:
        raise PayloadBroken("The delivery does not name its event.")
    happened = need_instant(body.get("created_at"), name="created_at")
    kind = _KINDS.get(trigger)
    if kind is None:
        return ServiceEvent(
            provider=Provider.CALENDLY,
            kind=EventKind.IGNORED,
            trigger=trigger,
            occurred_at=happened,
            reason=IGNORED.get(trigger, "this event is not known here"),
        )
    payload = body.get("payload")
    if not isinstance(payload, dict):
        raise PayloadBroken("The delivery has no payload.")
    if kind is EventKind.NO_SHOW:
        return _no_show(payload, trigger=trigger, happened=happened)
    return _invitee(payload, kind, trigger=trigger, happened=happened)


def _invitee(
    payload: Mapping[str, Any], kind: EventKind, *, trigger: str, happened: datetime
) -> ServiceEvent:
    meeting = mapping(payload.get("scheduled_event"))
    cancellation = mapping(payload.get("cancellation"))
    starts_at, ends_at = _times(meeting)
    hosts = items(meeting.get("event_memberships"))
    moved = kind is EventKind.CANCELLED and payload.get("rescheduled") is True
    external_id = need_id(_last_part(payload.get("uri")), name="invitee")
    return ServiceEvent(
        provider=Provider.CALENDLY,
        kind=kind,
        trigger=trigger,
        occurred_at=happened,
        external_id=external_id,
        supersedes=_other(_last_part(payload.get("old_invitee")), external_id),
        superseded_by=_other(_last_part(payload.get("new_invitee")), external_id),
        starts_at=starts_at,
        ends_at=ends_at,
        organizer_emails=_addresses(hosts, "user_email"),
        organizer_ids=tuple(filter(None, (maybe_id(host.get("user")) for host in hosts))),
        event_type_id=maybe_id(meeting.get("event_type")),
        attendees=_attendees(payload, meeting),
        status=text(payload.get("status"), limit=20) or None,
        cancel_reason=text(cancellation.get("reason")) or None,
        cancelled_by=text(cancellation.get("canceler_type"), limit=20) or None,
        rescheduled_away=moved,
    )


def _no_show(payload: Mapping[str, Any], *, trigger: str, happened: datetime) -> ServiceEvent:
    address = email(payload.get("email"))
    absent = trigger == "invitee_no_show.created"
    return ServiceEvent(
        provider=Provider.CALENDLY,
        kind=EventKind.NO_SHOW,
        trigger=trigger,
        occurred_at=happened,
        external_id=need_id(_last_part(payload.get("uri")), name="invitee"),
        no_shows=(AbsenceMark(address, absent),) if address else (),
    )


def _times(meeting: Mapping[str, Any]) -> tuple[datetime, datetime]:
    starts_at = need_instant(meeting.get("start_time"), name="start_time")
    ends_at = need_instant(meeting.get("end_time"), name="end_time")
    if ends_at <= starts_at:
        raise PayloadBroken("The delivery ends before it begins.")
    return starts_at, ends_at


def _attendees(payload: Mapping[str, Any], meeting: Mapping[str, Any]) -> tuple[Attendee, ...]:
    booker = Attendee(
        email=email(payload.get("email")),
        name=text(payload.get("name"), limit=MAX_NAME),
        time_zone=time_zone(payload.get("timezone")),
    )
    guests = _addresses(items(meeting.get("event_guests")), "email")
    return (booker, *(Attendee(email=guest) for guest in guests if guest != booker.email))


def _addresses(entries: list[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    found = (email(entry.get(key)) for entry in entries)
    return tuple(dict.fromkeys(address for address in found if address))


def _last_part(value: Any) -> str | None:
    """The id at the end of a Calendly URI."""
    if not isinstance(value, str):
        return None
    try:
        path = urlsplit(value).path
    except ValueError:
        return None
    return maybe_id(path.rstrip("/").rsplit("/", 1)[-1])


def _other(found: str | None, own: str) -> str | None:
    return found if found != own else None
