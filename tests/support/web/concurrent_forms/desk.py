"""The desk: appointments, calendars, feeds, deliveries."""

from __future__ import annotations

from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.models import OutsideCalendar
from clinic.foundation.database.transactions import transaction
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import NOW
from tests.support.web.concurrent_forms.clinic import StaffedClinic, case
from tests.support.web.concurrent_requests import Sent

# The desk: appointments, calendars, deliveries


@case("/desk/appointments/<reference>/confirm")
def _(clinic: StaffedClinic) -> Sent:
    reference, _token, _start = clinic.appointment(requested=True)
    makes = {"appointment_change": 1}
    return clinic.by("desk", f"/desk/appointments/{reference}/confirm", makes)


@case("/desk/appointments/<reference>/decline")
def _(clinic: StaffedClinic) -> Sent:
    reference, _token, _start = clinic.appointment(requested=True)
    path = f"/desk/appointments/{reference}/decline"
    return clinic.by("desk", path, {"appointment_change": 1}, reason="")


@case("/desk/appointments/<reference>/cancel")
def _(clinic: StaffedClinic) -> Sent:
    reference, _token, _start = clinic.appointment()
    path = f"/desk/appointments/{reference}/cancel"
    return clinic.form("desk", path, makes={"appointment_change": 1})


@case("/desk/appointments/<reference>/move")
def _(clinic: StaffedClinic) -> Sent:
    reference, _token, _start = clinic.appointment()
    start = f"{clinic.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    path = f"/desk/appointments/{reference}/move"
    return clinic.by("desk", path, {"appointment_change": 1}, start=start, agreed="yes")


@case("/desk/calendars")
def _(clinic: StaffedClinic) -> Sent:
    url = f"https://calendar.example/{clinic.next_number()}.ics"
    fields = {"name": "Private", "url": url}
    return clinic.form("ines", "/desk/calendars", makes={"outside_calendar": 1}, **fields)


def outside_calendar(clinic: StaffedClinic) -> str:
    number = clinic.next_number()

    def make() -> str:
        with transaction() as current:
            row = OutsideCalendar(
                clinic_id=clinic.clinic,
                therapist_id=clinic.therapist,
                name="Private",
                url_index=number.to_bytes(4, "big"),
                host="calendar.example",
                warnings=[],
                created_at=NOW,
            )
            current.add(row)
            current.flush()
            row.url = f"https://calendar.example/private{number}.ics"
        return row.id

    return clinic.do(make)


@case("/desk/calendars/<calendar_id>/all-day")
def _(clinic: StaffedClinic) -> Sent:
    path = f"/desk/calendars/{outside_calendar(clinic)}/all-day"
    return clinic.by("ines", path, ignore_all_day="y", ignored="y")


@case("/desk/calendars/<calendar_id>/refresh")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("ines", f"/desk/calendars/{outside_calendar(clinic)}/refresh")


@case("/desk/calendars/<calendar_id>/remove")
def _(clinic: StaffedClinic) -> Sent:
    path = f"/desk/calendars/{outside_calendar(clinic)}/remove"
    return clinic.by("ines", path, {"outside_calendar": -1})


FEED = {"show": "neutral", "days_back": "60", "days_ahead": "540", "reminder": "-1"}


@case("/desk/feeds")
def _(clinic: StaffedClinic) -> Sent:
    fields = FEED | {"name": "phone", "therapist": "ines-duarte", "therapist_id": clinic.therapist}
    return clinic.by("ines", "/desk/feeds", {"calendar_feed": 12}, **fields)


@case("/desk/feeds/clinic")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("admin", "/desk/feeds/clinic", {"calendar_feed": 12}, **FEED, name="wall")


def feed(clinic: StaffedClinic) -> str:
    return clinic.do(
        lambda: (
            create_therapist_feed(clinic.therapist, name="phone", actor=clinic.admin, now=NOW)[0].id
        )
    )


@case("/desk/feeds/<feed_id>")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.form("ines", f"/desk/feeds/{feed(clinic)}", name="tablet")


@case("/desk/feeds/<feed_id>/revoke")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("ines", f"/desk/feeds/{feed(clinic)}/revoke")


@case("/desk/deliveries/<int:message_id>/again")
def _(clinic: StaffedClinic) -> Sent:
    def promise() -> int:
        with transaction() as current:
            row = OutboxMessage(
                kind="nothing", handler="h", payload={}, promised_at=NOW, due_at=NOW, attempts=3
            )
            row.dead_at = NOW
            current.add(row)
        return row.id

    return clinic.by("desk", f"/desk/deliveries/{clinic.do(promise)}/again")
