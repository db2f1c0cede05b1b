"""Cal.com deliveries, read into events: what each trigger means here, or why it means nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from clinic.scheduling_services.rules.events import (
    OUR_METADATA_KEY,
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
    language,
    mapping,
    maybe_id,
    maybe_instant,
    need_id,
    need_instant,
    text,
    time_zone,
)
from clinic.scheduling_services.rules.payloads import PayloadBroken

MAX_SEQUENCE = 2**31 - 1
_SEAT_KEYS = frozenset({"seatReferenceUid", "seatUid", "bookingSeat"})

#: Triggers that change nothing here, each with the reason shown on the integrations page.
IGNORED: Mapping[str, str] = {
    "BOOKING_PAYMENT_INITIATED": "a payment has only been started",
    "MEETING_STARTED": "its time has begun, which says nothing about who came",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW": "a person decides who was absent, not the video room",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW": "a person decides who was absent, not the video room",
    "FORM_SUBMITTED": "a routing form is not an appointment",
    "FORM_SUBMITTED_NO_EVENT": "a routing form is not an appointment",
    "RECORDING_READY": "recordings of sessions are not taken in",
    "RECORDING_TRANSCRIPTION_GENERATED": "transcripts of sessions are not taken in",
    "INSTANT_MEETING": "an instant call is not an appointment",
    "DELEGATION_CREDENTIAL_ERROR": "Cal.com reports a calendar it cannot reach; look there",
    "WRONG_ASSIGNMENT_REPORT": "Cal.com reports a wrongly assigned host; look there",
}


def parse_calcom(body: Mapping[str, Any]) -> ServiceEvent:
    """What a verified Cal.com body says; raises PayloadBroken when an essential field is unusable.

    A name we do not know gives an IGNORED event, never an error: new ones appear with releases.
    """
    trigger = body.get("triggerEvent")
    if not isinstance(trigger, str) or not trigger or len(trigger) > MAX_NAME:
        # Bodies made for Zapier and by custom templates end here.
        raise PayloadBroken("The delivery does not name its trigger.")
    happened = need_instant(body.get("createdAt"), name="createdAt")
    read = _READERS.get(trigger)
    if read is not None:
        return read(body, trigger, happened)
    reason = IGNORED.get(trigger, "this trigger is not known here")
    return _plain(EventKind.IGNORED, trigger=trigger, happened=happened, reason=reason)


def _plain(
    kind: EventKind, *, trigger: str, happened: datetime, reason: str | None = None
) -> ServiceEvent:
    return ServiceEvent(
        provider=Provider.CALCOM, kind=kind, trigger=trigger, occurred_at=happened, reason=reason
    )


def _payload(body: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = body.get("payload")
    if not isinstance(payload, dict):
        raise PayloadBroken("The delivery has no payload.")
    return payload


def _created(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    return _booking(_payload(body), EventKind.CREATED, trigger=trigger, happened=happened)


def _requested(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    return _booking(_payload(body), EventKind.REQUESTED, trigger=trigger, happened=happened)


def _rejected(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    return _booking(_payload(body), EventKind.REJECTED, trigger=trigger, happened=happened)


def _rescheduled(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    payload = _payload(body)
    kind = EventKind.REQUESTED if payload.get("status") == "PENDING" else EventKind.RESCHEDULED
    return _booking(payload, kind, trigger=trigger, happened=happened)


def _paid(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    # A payment may be the only sign of a booking whose own event was lost.
    payload = _payload(body)
    by_status = {"ACCEPTED": EventKind.CREATED, "PENDING": EventKind.REQUESTED}
    kind = by_status.get(str(payload.get("status")))
    if kind is None:
        reason = "a payment for a booking that does not stand"
        return _plain(EventKind.IGNORED, trigger=trigger, happened=happened, reason=reason)
    return _booking(payload, kind, trigger=trigger, happened=happened)


def _cancelled(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    return _booking(_payload(body), EventKind.CANCELLED, trigger=trigger, happened=happened)


def _booking(
    payload: Mapping[str, Any], kind: EventKind, *, trigger: str, happened: datetime
) -> ServiceEvent:
    """The common booking block. Unknown keys are left alone: they come and go with releases."""
    external_id, supersedes = _ids(payload, kind)
    starts_at, ends_at = _times(payload)
    organizer = mapping(payload.get("organizer"))
    attendees = _attendees(payload)
    has_seats = _positive(payload.get("seatsPerTimeSlot")) or not _SEAT_KEYS.isdisjoint(payload)
    return ServiceEvent(
        provider=Provider.CALCOM,
        kind=kind,
        trigger=trigger,
        occurred_at=happened,
        external_id=external_id,
        supersedes=supersedes,
        starts_at=starts_at,
        ends_at=ends_at,
        sequence=_sequence(payload.get("iCalSequence")),
        organizer_emails=_organizer_emails(payload),
        organizer_ids=tuple(filter(None, [maybe_id(organizer.get("id"))])),
        event_type_id=maybe_id(payload.get("eventTypeId")),
        attendees=attendees,
        status=text(payload.get("status"), limit=20) or None,
        cancel_reason=_cancel_reason(payload),
        cancelled_by=email(payload.get("cancelledBy")),
        request_reschedule=payload.get("requestReschedule") is True,
        has_seats=has_seats,
        seat_leaving=kind is EventKind.CANCELLED and has_seats and len(attendees) == 1,
        series_cancelled=kind is EventKind.CANCELLED and bool(payload.get("recurringEvent")),
        cancelled_dates=_dates(payload.get("cancelledDates")),
        our_reference=maybe_id(mapping(payload.get("metadata")).get(OUR_METADATA_KEY)),
        recurring_id=maybe_id(payload.get("recurringEventId")),
    )


def _ids(payload: Mapping[str, Any], kind: EventKind) -> tuple[str, str | None]:
    previous = maybe_id(payload.get("rescheduleUid"))
    if (
        payload.get("uid") is None
        and previous
        and kind in {EventKind.RESCHEDULED, EventKind.REQUESTED}
    ):
        return previous, None  # a seated reschedule can come without a new id: moved in place
    own = need_id(payload.get("uid"), name="uid")
    return own, previous if previous != own else None


def _times(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    starts_at = need_instant(payload.get("startTime"), name="startTime")
    ends_at = need_instant(payload.get("endTime"), name="endTime")
    if ends_at <= starts_at:
        raise PayloadBroken("The delivery ends before it begins.")
    return starts_at, ends_at


def _organizer_emails(payload: Mapping[str, Any]) -> tuple[str, ...]:
    # Hosts of a team event stand in `team`, and an organizer may use a second address:
    # all of them may identify the therapist.
    hosts = [mapping(payload.get("organizer")), *items(mapping(payload.get("team")).get("members"))]
    found = (email(host.get("email")) for host in hosts)
    return tuple(dict.fromkeys(address for address in found if address))


def _attendees(payload: Mapping[str, Any]) -> tuple[Attendee, ...]:
    return tuple(
        Attendee(
            email=email(one.get("email")),
            name=text(one.get("name"), limit=MAX_NAME),
            time_zone=time_zone(one.get("timeZone")),
            language=language(mapping(one.get("language")).get("locale")),
        )
        for one in items(payload.get("attendees"))
    )


def _cancel_reason(payload: Mapping[str, Any]) -> str | None:
    return text(payload.get("cancellationReason")) or text(payload.get("rejectionReason")) or None


def _dates(value: Any) -> tuple[datetime, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(found for found in map(maybe_instant, listed) if found)


def _positive(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _sequence(value: Any) -> int:
    return min(value, MAX_SEQUENCE) if _positive(value) else 0


def _no_show(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    payload = _payload(body)
    marked = [
        (email(one.get("email")), one.get("noShow")) for one in items(payload.get("attendees"))
    ]
    return ServiceEvent(
        provider=Provider.CALCOM,
        kind=EventKind.NO_SHOW,
        trigger=trigger,
        occurred_at=happened,
        external_id=need_id(payload.get("bookingUid"), name="bookingUid"),
        no_shows=tuple(
            AbsenceMark(address, absent)
            for address, absent in marked
            if address and isinstance(absent, bool)
        ),
    )


def _ended(body: Mapping[str, Any], trigger: str, _happened: datetime) -> ServiceEvent:
    # No envelope: the booking's own row lies at the root, `createdAt` is when it was booked.
    starts_at, ends_at = _times(body)
    return ServiceEvent(
        provider=Provider.CALCOM,
        kind=EventKind.COMPLETED,
        trigger=trigger,
        occurred_at=ends_at,
        external_id=need_id(body.get("uid"), name="uid"),
        starts_at=starts_at,
        ends_at=ends_at,
        recurring_id=maybe_id(body.get("recurringEventId")),
    )


def _out_of_office(body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    entry = mapping(_payload(body).get("oooEntry"))
    user = mapping(entry.get("user"))
    starts_at = need_instant(entry.get("start"), name="start")
    ends_at = need_instant(entry.get("end"), name="end")
    if ends_at <= starts_at:
        raise PayloadBroken("The absence ends before it begins.")
    return ServiceEvent(
        provider=Provider.CALCOM,
        kind=EventKind.OUT_OF_OFFICE,
        trigger=trigger,
        occurred_at=happened,
        external_id=need_id(entry.get("uuid"), name="uuid"),
        starts_at=starts_at,
        ends_at=ends_at,
        organizer_emails=tuple(filter(None, [email(user.get("email"))])),
        organizer_ids=tuple(filter(None, [maybe_id(user.get("id"))])),
    )


def _ping(_body: Mapping[str, Any], trigger: str, happened: datetime) -> ServiceEvent:
    return _plain(EventKind.PING, trigger=trigger, happened=happened, reason="a test delivery")


_READERS: Mapping[str, Callable[[Mapping[str, Any], str, datetime], ServiceEvent]] = {
    "BOOKING_CREATED": _created,
    "BOOKING_REQUESTED": _requested,
    "BOOKING_REJECTED": _rejected,
    "BOOKING_RESCHEDULED": _rescheduled,
    "BOOKING_CANCELLED": _cancelled,
    "BOOKING_PAID": _paid,
    "BOOKING_NO_SHOW_UPDATED": _no_show,
    "MEETING_ENDED": _ended,
    "OOO_CREATED": _out_of_office,
    "PING": _ping,
}
