"""Reading outside calendars again and again: fetch, read in a child process, store what blocks.

Each reading promises the next one. The network is asked outside of any transaction. Whatever goes
wrong, the busy times of the last good reading stay, and the row says in a word what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from clinic.booking.appointments.models import Appointment, ImportedBusyRow
from clinic.booking.slots.instant_ranges import Interval
from clinic.calendars.feeds.writer.feed import busy_uid
from clinic.calendars.imported.reader_process import preview_calendar, spans_of
from clinic.calendars.imported.refresh_schedule import wait_before_refresh
from clinic.calendars.imported.service import promise_refresh
from clinic.calendars.models import OutsideCalendar, OutsideState
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.foundation.outbound.allowed_addresses import Guard, OutboundRefused
from clinic.foundation.outbound_http import Fetched, OutboundFailed, fetch
from clinic.practice.locks import lock_diary
from clinic.practice.models import SessionType

READ_WHOLE_EVERY = timedelta(hours=24)
"""An "unchanged" answer saves the reading, but the days ahead move on: once a day all is read."""
SPARE_DAYS = 31
FETCH_SECONDS = 30.0
OURS_BACK = timedelta(days=60)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is needed to read one calendar, free of any session."""

    calendar_id: str
    round: int
    url: str
    etag: str | None
    last_modified: str | None
    ignore_all_day: bool
    zone: str
    window: Interval
    own_uids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it went; `spans` is None when there is nothing new to store."""

    state: OutsideState
    spans: Sequence[Span] | None = None
    warnings: tuple[str, ...] = ()
    trouble: str | None = None
    etag: str | None = None
    last_modified: str | None = None


def guard_for(base_url: str) -> Guard:
    """The guard of an installation: its own feeds are not fed back to itself."""
    return Guard(denied_hosts=frozenset({urlsplit(base_url).hostname or ""}))


def refresh_when_due(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `calendar.refresh`. Out-of-date promises and removed calendars are left alone."""
    job = _job(payload, now=now)
    end_read_before_waiting()  # for the other side, then for the child process that reads the file
    if job is not None:
        store_outcome(job, read_outside(job, guard=current_app.extensions["outside_guard"]), now)


def _job(payload: Mapping[str, Any], *, now: datetime) -> Job | None:
    calendar = session().get(OutsideCalendar, payload["calendar"])
    if calendar is None or calendar.round != payload["round"]:
        return None
    window = _window(calendar, now=now)
    whole = calendar.read_whole_at is None or now - calendar.read_whole_at >= READ_WHOLE_EVERY
    return Job(
        calendar_id=calendar.id,
        round=calendar.round,
        url=calendar.url or "",
        etag=None if whole else calendar.etag,
        last_modified=None if whole else calendar.last_modified,
        ignore_all_day=calendar.ignore_all_day,
        zone=calendar.therapist.time_zone,
        window=window,
        own_uids=_own_uids(calendar, window=window),
    )


def _window(calendar: OutsideCalendar, *, now: datetime) -> Interval:
    """Whole days, so that the same file gives the same spans all day: as far as can be booked."""
    furthest = session().scalar(
        select(func.max(SessionType.horizon_days)).where(
            SessionType.clinic_id == calendar.clinic_id
        )
    )
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Interval(
        today - timedelta(days=1), today + timedelta(days=(furthest or 60) + SPARE_DAYS)
    )


def _own_uids(calendar: OutsideCalendar, *, window: Interval) -> frozenset[str]:
    """The UIDs of everything in our feeds: a calendar that follows one must not block itself."""
    rows = session().scalars(
        select(Appointment.uid).where(
            Appointment.clinic_id == calendar.clinic_id,
            Appointment.ends_at > window.start - OURS_BACK,
        )
    )
    return frozenset(form for uid in rows for form in (uid, busy_uid(uid)))


def read_outside(job: Job, *, guard: Guard) -> Outcome:
    """Fetch and read; every way it can go wrong is an outcome, not an error."""
    try:
        answer = fetch(
            job.url,
            etag=job.etag,
            last_modified=job.last_modified,
            total_seconds=FETCH_SECONDS,
            guard=guard,
        )
    except OutboundRefused:
        return Outcome(state=OutsideState.REFUSED)
    except OutboundFailed as failed:
        return Outcome(state=_FAILED.get(failed.reason, OutsideState.UNREACHABLE))
    if answer.status == 304:
        return Outcome(state=OutsideState.OK)
    if answer.status != 200:
        return Outcome(state=_REFUSALS.get(answer.status, OutsideState.UNREACHABLE))
    return _read(job, answer)


_FAILED = {"too-slow": OutsideState.TOO_SLOW, "too-large": OutsideState.TOO_LARGE}
_REFUSALS = {
    401: OutsideState.LOCKED,
    403: OutsideState.LOCKED,
    404: OutsideState.GONE,
    407: OutsideState.LOCKED,
    410: OutsideState.GONE,
}


def _read(job: Job, answer: Fetched) -> Outcome:
    found = preview_calendar(
        answer.body,
        window=job.window,
        zone=job.zone,
        ignore_all_day=job.ignore_all_day,
        own_uids=job.own_uids,
    )
    if "error" in found:
        page = answer.body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        state = OutsideState.WEB_PAGE if page else OutsideState.UNREADABLE
        return Outcome(state=state, trouble=str(found["error"])[:300])
    return Outcome(
        state=OutsideState.OK,
        spans=spans_of(found),
        warnings=(*_moved(job, answer), *found["warnings"]),
        etag=_usable_validator(answer.headers.get("etag"), 500),
        last_modified=_usable_validator(answer.headers.get("last-modified"), 100),
    )


def _moved(job: Job, answer: Fetched) -> tuple[str, ...]:
    asked, answered = (urlsplit(url).hostname for url in (job.url, answer.final_url))
    if asked == answered:
        return ()
    return (f"{asked} sends us on to {answered}. If this goes on, add the new address instead.",)


def _usable_validator(header: str | None, most: int) -> str | None:
    """A validator to send back, unless it is of a size or kind that nobody honest uses."""
    fit = header is not None and len(header) <= most and header.isascii() and header.isprintable()
    return header if fit else None


def store_outcome(job: Job, outcome: Outcome, now: datetime) -> None:
    """Write what came of it, and promise the next reading, in one transaction."""
    with transaction() as current:
        calendar = current.get(
            OutsideCalendar, job.calendar_id, with_for_update=True, populate_existing=True
        )
        if calendar is None or calendar.round != job.round:
            return  # removed, or asked for anew, while we were reading
        calendar.last_tried_at, calendar.state = now, outcome.state
        calendar.trouble = outcome.trouble
        if outcome.state is OutsideState.OK:
            calendar.last_ok_at, calendar.failures = now, 0
            _store_content(current, calendar, outcome, now=now)
        else:
            calendar.failures += 1
        key = f"{calendar.id} {calendar.round}"
        wait = wait_before_refresh(failures=calendar.failures, key=key)
        promise_refresh(current, calendar, now=now, due_at=now + wait)


def _store_content(
    current: Session, calendar: OutsideCalendar, outcome: Outcome, *, now: datetime
) -> None:
    if outcome.spans is None:
        return
    calendar.read_whole_at, calendar.warnings = now, list(outcome.warnings)
    calendar.etag, calendar.last_modified = outcome.etag, outcome.last_modified
    replace_busy(current, calendar, outcome.spans)


def replace_busy(current: Session, calendar: OutsideCalendar, spans: Sequence[Span]) -> None:
    """These times and no others; the diary's revision moves only when something is different."""
    own = ImportedBusyRow.origin == calendar.origin
    rows = current.execute(select(ImportedBusyRow.starts_at, ImportedBusyRow.ends_at).where(own))
    if {(start, end) for start, end in rows} == set(spans):
        return
    lock_diary(current, calendar.therapist_id)
    current.execute(delete(ImportedBusyRow).where(own))
    if spans:
        values = [
            {
                "id": new_id(),
                "therapist_id": calendar.therapist_id,
                "origin": calendar.origin,
                "starts_at": start,
                "ends_at": end,
            }
            for start, end in spans
        ]
        current.execute(insert(ImportedBusyRow), values)
