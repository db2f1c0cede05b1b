"""A week of times as a page shows it, with the ways to other weeks and zones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import g, request, session, url_for

from clinic.booking import display
from clinic.booking.appointments.queries import first_free, slots_of
from clinic.booking.rules.contact_details import check_time_zone
from clinic.foundation.clock import clock
from clinic.foundation.texts.localized_dates import place_of
from clinic.practice.models import SessionType, Therapist


def reader_zone(default: str | None = None) -> str:
    """The zone the visitor chose, else the default (the clinic's)."""
    now_shown = str(session.get("time_zone") or default or g.clinic.time_zone)
    asked = request.args.get("time_zone", "")
    # A form that only carries the zone along has chosen nothing.
    sent = request.form.get("time_zone", "")
    asked = asked or (sent if sent != now_shown else "")
    if asked and not check_time_zone(asked):
        session["time_zone"] = asked
        return asked
    return now_shown


def week_page(
    therapists: list[Therapist],
    kind: SessionType,
    *,
    endpoint: str,
    parameters: dict[str, Any],
    zone_name: str | None = None,
) -> dict[str, Any]:
    """The week asked for, the next free time, and the ways to other weeks.

    `zone_name` is the IANA name of the zone the reader is known to be in, where one is.
    """
    zone, now = reader_zone(zone_name), clock.now()
    first = first_free(therapists, kind, now=now)
    this_week = display.monday_of(now, zone=zone)
    monday = _requested_week(request.values.get("week", ""))
    if monday is None:
        monday = display.monday_of(first[1].start, zone=zone) if first else this_week
    last = display.monday_of(now + timedelta(days=kind.horizon_days), zone=zone)
    monday = max(this_week, min(monday, last))
    pairs = slots_of(therapists, kind, window=display.week_window(monday, zone=zone), now=now)

    def to(other: date) -> str | None:
        inside = this_week <= other <= last
        return url_for(endpoint, week=other.isoformat(), **parameters) if inside else None

    return {
        "next_free": display.chip(*first, zone=zone) if first else None,
        "days": display.week_of(monday, pairs, zone=zone),
        "week_label": display.week_label(monday),
        "prev_url": to(monday - timedelta(days=7)),
        "next_url": to(monday + timedelta(days=7)),
        "next_week_url": to(display.monday_of(first[1].start, zone=zone)) if first else None,
        "zone": zone,
        "zone_label": place_of(zone),
        "zone_chosen": zone_name is not None or "time_zone" in session,
        "zones": display.zone_choices(zone, g.clinic.time_zone),
        "zone_url": url_for(endpoint, **parameters),
        "zone_fields": {k: v for k, v in parameters.items() if k != "token"}
        | {"week": monday.isoformat()},
    }


def _requested_week(text: str) -> date | None:
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return None
    if not 2000 < asked.year < 2100:
        return None
    return asked - timedelta(days=asked.weekday())
