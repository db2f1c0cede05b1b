"""Whose address a token is, and what its feed holds today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select

from clinic.accounts.models import Account
from clinic.booking.appointments.models import LIVE, Appointment, AppointmentStatus, ManageLink
from clinic.calendars.feeds.settings import initials_of
from clinic.calendars.feeds.writer.feed import EntryStatus, Feed, FeedEntry
from clinic.calendars.models import CalendarFeed, FeedKind, Show
from clinic.couples.models import CoupleMember
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.practice.models import Clinic, Therapist

CANCELLED_KEPT = timedelta(days=30)
ENTRY_STATUS = {
    AppointmentStatus.REQUESTED: EntryStatus.TENTATIVE,
    AppointmentStatus.CONFIRMED: EntryStatus.CONFIRMED,
    AppointmentStatus.COMPLETED: EntryStatus.CONFIRMED,
}


def get_feed(token: str) -> CalendarFeed:
    """The feed this token opens, with the rights of today.

    Raises `NotFound`, the same for a wrong one, a revoked one, and one whose owner has left.
    """
    found = session().scalar(
        select(CalendarFeed).where(CalendarFeed.token_hash == token_hash(token))
    )
    if found is None or found.revoked_at is not None or not _may_be_read(found):
        raise NotFound
    return found


def list_feeds(therapist_id: str) -> Sequence[CalendarFeed]:
    """A therapist's live addresses, the newest first."""
    return _live(CalendarFeed.therapist_id == therapist_id)


def list_clinic_feeds(clinic_id: str) -> Sequence[CalendarFeed]:
    """The live addresses of the whole clinic's calendar, the newest first."""
    return _live(CalendarFeed.clinic_id == clinic_id, CalendarFeed.kind == FeedKind.CLINIC)


def list_partner_feeds(member_id: str) -> Sequence[CalendarFeed]:
    """A partner's live addresses, the newest first."""
    return _live(CalendarFeed.member_id == member_id)


def _live(*conditions: ColumnElement[bool]) -> Sequence[CalendarFeed]:
    live = select(CalendarFeed).where(CalendarFeed.revoked_at.is_(None), *conditions)
    return session().scalars(live.order_by(CalendarFeed.created_at.desc(), CalendarFeed.id)).all()


def owner_names(feeds: Sequence[CalendarFeed]) -> dict[str, str]:
    """Who made each feed of the clinic, by account id: colleagues see whose phone it is."""
    wanted = {feed.account_id for feed in feeds}
    rows = session().scalars(select(Account).where(Account.id.in_(wanted)))
    return {account.id: account.name or "" for account in rows}


def _may_be_read(feed: CalendarFeed) -> bool:
    if feed.kind == FeedKind.THERAPIST:
        therapist = session().get_one(Therapist, feed.therapist_id)
        accounts = session().scalars(
            select(Account.active).where(Account.therapist_id == feed.therapist_id)
        )
        # A therapist without any account is somebody the desk works for.
        return therapist.active and any({*accounts} or {True})
    if feed.kind == FeedKind.PARTNER:
        return session().get_one(CoupleMember, feed.member_id).left_at is None
    account = session().get(Account, feed.account_id) if feed.account_id else None
    if account is None or not account.active:
        return False
    reader = Actor(
        clinic_id=account.clinic_id, roles=frozenset(Role(name) for name in account.role_names)
    )
    return is_allowed(reader, Permission.MANAGE_CLINIC_FEEDS)


def content_of(feed: CalendarFeed, *, summary: str, now: datetime) -> Feed:
    """What the feed holds today: a window of appointments, each named as its settings say.

    Cancelled ones stay for 30 days, and until the time they had is over, so that subscribers
    see them crossed out before they go.
    """
    clinic = session().get_one(Clinic, feed.clinic_id)
    zone = _zone(feed, clinic)
    query = _appointments(feed).where(
        Appointment.ends_at > now - timedelta(days=feed.days_back),
        Appointment.starts_at < now + timedelta(days=feed.days_ahead),
        or_(
            Appointment.status.in_(LIVE),
            Appointment.cancelled_at > now - CANCELLED_KEPT,
            Appointment.ends_at > now,
        ),
    )
    ordered = query.order_by(Appointment.starts_at, Appointment.uid)
    rows = session().scalars(ordered).unique().all()
    said = _summaries(feed, rows, summary=summary)
    return Feed(
        name=clinic.short_name,
        time_zone=zone,
        entries=tuple(entry_of(row, summary=said[row.id], zone=zone) for row in rows),
        reminder_minutes=feed.reminder_minutes,
    )


def _summaries(feed: CalendarFeed, rows: Sequence[Appointment], *, summary: str) -> dict[str, str]:
    """What each entry is called, by appointment: the neutral phrase, and what was asked for."""
    more: dict[str, str] = {}
    if feed.kind == FeedKind.CLINIC:
        more = {row.id: row.therapist.name for row in rows}
    elif feed.kind == FeedKind.THERAPIST and feed.show == Show.INITIALS:
        more = _initials([row.id for row in rows])
    return {row.id: f"{summary} · {more[row.id]}" if more.get(row.id) else summary for row in rows}


def _initials(appointment_ids: list[str]) -> dict[str, str]:
    """The initials of the partners named in each appointment, A before B."""
    named = session().scalars(
        select(ManageLink)
        .join(CoupleMember, CoupleMember.id == ManageLink.member_id)
        .where(ManageLink.appointment_id.in_(appointment_ids))
        .order_by(CoupleMember.slot)
    )
    found: dict[str, dict[str, str]] = {}
    for link in named.unique():
        people = found.setdefault(link.appointment_id, {})
        people[link.member_id] = initials_of(link.member.person.name or "")
    return {id_: " + ".join(filter(None, people.values())) for id_, people in found.items()}


def entry_of(appointment: Appointment, *, summary: str, zone: str) -> FeedEntry:
    """An appointment as a calendar shows it: when, and nothing about whom or why."""
    return FeedEntry(
        uid=appointment.uid,
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        time_zone=zone,
        status=ENTRY_STATUS.get(AppointmentStatus(appointment.status), EntryStatus.CANCELLED),
        summary=summary,
        location=None,
        created_at=appointment.created_at,
        updated_at=appointment.updated_at,
    )


def _appointments(feed: CalendarFeed) -> Select[Appointment]:
    if feed.kind == FeedKind.THERAPIST:
        return select(Appointment).where(Appointment.therapist_id == feed.therapist_id)
    if feed.kind == FeedKind.CLINIC:
        return select(Appointment).where(Appointment.clinic_id == feed.clinic_id)
    # Only what this partner was named in: the other one may come alone, and have reasons to.
    named = select(ManageLink.appointment_id).where(ManageLink.member_id == feed.member_id)
    return select(Appointment).where(Appointment.id.in_(named))


def _zone(feed: CalendarFeed, clinic: Clinic) -> str:
    if feed.kind == FeedKind.THERAPIST:
        return session().get_one(Therapist, feed.therapist_id).time_zone
    if feed.kind == FeedKind.CLINIC:
        return clinic.time_zone
    return session().get_one(CoupleMember, feed.member_id).person.time_zone


def language_of(feed: CalendarFeed) -> str:
    """The language its entries are named in: the partner's own, else the clinic's."""
    if feed.kind == FeedKind.PARTNER:
        return session().get_one(CoupleMember, feed.member_id).person.language
    return session().get_one(Clinic, feed.clinic_id).language
