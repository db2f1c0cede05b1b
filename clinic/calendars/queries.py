"""Whose address a token is, and what its feed holds today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select

from clinic.booking.models import LIVE, Appointment, ManageLink, Status
from clinic.calendars.feed import EntryStatus, Feed, FeedEntry
from clinic.calendars.models import CalendarFeed, FeedKind
from clinic.couples.models import CoupleMember
from clinic.foundation.database import session
from clinic.foundation.errors import NotFound
from clinic.foundation.vault import token_hash
from clinic.practice.models import Clinic, Therapist

DAYS_BACK = 60
DAYS_AHEAD = 540
CANCELLED_KEPT = timedelta(days=30)
ENTRY_STATUS = {
    Status.REQUESTED: EntryStatus.TENTATIVE,
    Status.CONFIRMED: EntryStatus.CONFIRMED,
    Status.COMPLETED: EntryStatus.CONFIRMED,
}


def get_feed(token: str) -> CalendarFeed:
    """The feed this token opens. Raises `NotFound`, the same for wrong and revoked ones."""
    found = session().scalar(
        select(CalendarFeed).where(CalendarFeed.token_hash == token_hash(token))
    )
    if found is None or found.revoked_at is not None:
        raise NotFound
    return found


def list_feeds(therapist_id: str) -> Sequence[CalendarFeed]:
    """A therapist's live addresses, the newest first."""
    live = select(CalendarFeed).where(
        CalendarFeed.therapist_id == therapist_id, CalendarFeed.revoked_at.is_(None)
    )
    return session().scalars(live.order_by(CalendarFeed.created_at.desc(), CalendarFeed.id)).all()


def content_of(feed: CalendarFeed, *, summary: str, now: datetime) -> Feed:
    """What the feed holds today: a window of appointments, under one neutral phrase.

    Cancelled ones stay for 30 days, and until the time they had is over, so that subscribers
    see them crossed out before they go.
    """
    clinic = session().get_one(Clinic, feed.clinic_id)
    zone = _zone(feed, clinic)
    query = _appointments(feed).where(
        Appointment.ends_at > now - timedelta(days=DAYS_BACK),
        Appointment.starts_at < now + timedelta(days=DAYS_AHEAD),
        or_(
            Appointment.status.in_(LIVE),
            Appointment.cancelled_at > now - CANCELLED_KEPT,
            Appointment.ends_at > now,
        ),
    )
    rows = session().scalars(query.order_by(Appointment.starts_at, Appointment.uid)).unique()
    entries = tuple(entry_of(row, summary=summary, zone=zone) for row in rows)
    return Feed(name=clinic.short_name, time_zone=zone, entries=entries)


def entry_of(appointment: Appointment, *, summary: str, zone: str) -> FeedEntry:
    """An appointment as a calendar shows it: when, and nothing about whom or why."""
    return FeedEntry(
        uid=appointment.uid,
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        time_zone=zone,
        status=ENTRY_STATUS.get(Status(appointment.status), EntryStatus.CANCELLED),
        summary=summary,
        location=None,
        created_at=appointment.created_at,
        updated_at=appointment.updated_at,
    )


def _appointments(feed: CalendarFeed) -> Select[Appointment]:
    if feed.kind == FeedKind.THERAPIST:
        return select(Appointment).where(Appointment.therapist_id == feed.therapist_id)
    # Only what this partner was named in: the other one may come alone, and have reasons to.
    named = select(ManageLink.appointment_id).where(ManageLink.member_id == feed.member_id)
    return select(Appointment).where(Appointment.id.in_(named))


def _zone(feed: CalendarFeed, clinic: Clinic) -> str:
    if feed.kind == FeedKind.THERAPIST:
        return session().get_one(Therapist, feed.therapist_id).time_zone
    member = session().get(CoupleMember, feed.member_id)
    return member.person.time_zone if member else clinic.time_zone
