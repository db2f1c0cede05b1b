"""The desk: appointments, calendars, feeds, deliveries."""

from __future__ import annotations

from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.models import OutsideCalendar
from clinic.foundation.database.transactions import transaction
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import NOW
from tests.support.web.concurrent_forms.clinic import House, case
from tests.support.web.concurrent_requests import Sent

# The desk: appointments, calendars, deliveries


@case("/desk/appointments/<reference>/confirm")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment(requested=True)
    makes = {"appointment_change": 1}
    return house.by("desk", f"/desk/appointments/{reference}/confirm", makes)


@case("/desk/appointments/<reference>/decline")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment(requested=True)
    path = f"/desk/appointments/{reference}/decline"
    return house.by("desk", path, {"appointment_change": 1}, reason="")


@case("/desk/appointments/<reference>/cancel")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment()
    path = f"/desk/appointments/{reference}/cancel"
    return house.form("desk", path, makes={"appointment_change": 1})


@case("/desk/appointments/<reference>/move")
def _(house: House) -> Sent:
    reference, _token, _start = house.appointment()
    start = f"{house.slot():%Y-%m-%dT%H:%M:%SZ}|ines-duarte"
    path = f"/desk/appointments/{reference}/move"
    return house.by("desk", path, {"appointment_change": 1}, start=start, agreed="yes")


@case("/desk/calendars")
def _(house: House) -> Sent:
    url = f"https://calendar.example/{house.next_number()}.ics"
    fields = {"name": "Private", "url": url}
    return house.form("ines", "/desk/calendars", makes={"outside_calendar": 1}, **fields)


def outside_calendar(house: House) -> str:
    number = house.next_number()

    def make() -> str:
        with transaction() as current:
            row = OutsideCalendar(
                clinic_id=house.clinic,
                therapist_id=house.therapist,
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

    return house.do(make)


@case("/desk/calendars/<calendar_id>/all-day")
def _(house: House) -> Sent:
    path = f"/desk/calendars/{outside_calendar(house)}/all-day"
    return house.by("ines", path, ignore_all_day="y", ignored="y")


@case("/desk/calendars/<calendar_id>/refresh")
def _(house: House) -> Sent:
    return house.by("ines", f"/desk/calendars/{outside_calendar(house)}/refresh")


@case("/desk/calendars/<calendar_id>/remove")
def _(house: House) -> Sent:
    path = f"/desk/calendars/{outside_calendar(house)}/remove"
    return house.by("ines", path, {"outside_calendar": -1})


FEED = {"show": "neutral", "days_back": "60", "days_ahead": "540", "reminder": "-1"}


@case("/desk/feeds")
def _(house: House) -> Sent:
    fields = FEED | {"name": "phone", "therapist": "ines-duarte", "therapist_id": house.therapist}
    return house.by("ines", "/desk/feeds", {"calendar_feed": 12}, **fields)


@case("/desk/feeds/clinic")
def _(house: House) -> Sent:
    return house.by("admin", "/desk/feeds/clinic", {"calendar_feed": 12}, **FEED, name="wall")


def feed(house: House) -> str:
    return house.do(
        lambda: (
            create_therapist_feed(house.therapist, name="phone", actor=house.admin, now=NOW)[0].id
        )
    )


@case("/desk/feeds/<feed_id>")
def _(house: House) -> Sent:
    return house.form("ines", f"/desk/feeds/{feed(house)}", name="tablet")


@case("/desk/feeds/<feed_id>/revoke")
def _(house: House) -> Sent:
    return house.by("ines", f"/desk/feeds/{feed(house)}/revoke")


@case("/desk/deliveries/<int:message_id>/again")
def _(house: House) -> Sent:
    def promise() -> int:
        with transaction() as current:
            row = OutboxMessage(
                kind="nothing", handler="h", payload={}, promised_at=NOW, due_at=NOW, attempts=3
            )
            row.dead_at = NOW
            current.add(row)
        return row.id

    return house.by("desk", f"/desk/deliveries/{house.do(promise)}/again")
