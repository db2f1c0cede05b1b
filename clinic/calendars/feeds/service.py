"""Making, changing and revoking feed addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from clinic.calendars.feeds.settings import FeedSettings, check_feed
from clinic.calendars.models import CalendarFeed, FeedKind
from clinic.foundation import audit
from clinic.foundation.crypto.tokens import random_token, token_hash
from clinic.foundation.database.informational_writes import informational_write
from clinic.foundation.database.transactions import lock_name, new_id, transaction
from clinic.foundation.database.transactions import session as reading
from clinic.foundation.errors import N_, InvalidInput, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.practice.models import Therapist

READ_NOTED_EVERY = timedelta(minutes=5)
MOST_OF_A_PARTNER = 10
PLAIN = FeedSettings()
MANAGED_BY = {
    FeedKind.THERAPIST: Permission.MANAGE_FEEDS,
    FeedKind.PARTNER: Permission.MANAGE_OWN_FEEDS,
    FeedKind.CLINIC: Permission.MANAGE_CLINIC_FEEDS,
}


def create_therapist_feed(
    therapist_id: str, *, name: str, settings: FeedSettings = PLAIN, actor: Actor, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new address for a therapist's feed, and its token: shown once, kept as a hash."""
    name = check_feed(name, settings, kind=FeedKind.THERAPIST)
    with transaction() as session:
        therapist = session.get(Therapist, therapist_id)
        if therapist is None or therapist.clinic_id != actor.clinic_id:
            raise NotFound
        require(actor, Permission.MANAGE_FEEDS, therapist_id)
        feed = CalendarFeed(kind=FeedKind.THERAPIST, therapist_id=therapist_id, name=name)
        return feed, _store(session, feed, settings, actor=actor, now=now)


def create_clinic_feed(
    *, name: str, settings: FeedSettings = PLAIN, actor: Actor, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new address for all of the clinic's sessions, read with this account's rights."""
    name = check_feed(name, settings, kind=FeedKind.CLINIC)
    require(actor, Permission.MANAGE_CLINIC_FEEDS)
    with transaction() as session:
        feed = CalendarFeed(kind=FeedKind.CLINIC, account_id=actor.account_id, name=name)
        return feed, _store(session, feed, settings, actor=actor, now=now)


def create_partner_feed(
    member_id: str, *, name: str, settings: FeedSettings = PLAIN, actor: Actor, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new address for the appointments in which this partner is named."""
    name = check_feed(name, settings, kind=FeedKind.PARTNER)
    require(actor, Permission.MANAGE_OWN_FEEDS, member_id)
    with transaction() as session:
        lock_name(session, f"partner feeds {member_id}".encode())
        live = select(func.count()).where(
            CalendarFeed.member_id == member_id, CalendarFeed.revoked_at.is_(None)
        )
        if (session.scalar(live) or 0) >= MOST_OF_A_PARTNER:
            raise InvalidInput({"name": [N_("These are enough addresses; please end one first.")]})
        feed = CalendarFeed(kind=FeedKind.PARTNER, member_id=member_id, name=name)
        return feed, _store(session, feed, settings, actor=actor, now=now)


def _store(
    session: Session,
    feed: CalendarFeed,
    settings: FeedSettings,
    *,
    actor: Actor,
    now: datetime,
) -> str:
    token = random_token()
    feed.id, feed.clinic_id = new_id(), actor.clinic_id
    feed.token_hash, feed.created_at = token_hash(token), now
    _apply(feed, settings)
    session.add(feed)
    _record(session, feed, "feed.created", actor=actor, now=now)
    return token


def change_feed(
    feed_id: str, *, name: str, settings: FeedSettings, actor: Actor, now: datetime
) -> None:
    """Change what an address shows; calendars that use it follow at their next reading."""
    with transaction() as session:
        feed = _managed(session, feed_id, actor=actor)
        feed.name = check_feed(name, settings, kind=FeedKind(feed.kind))
        _apply(feed, settings)
        feed.changed_at = now
        _record(session, feed, "feed.changed", actor=actor, now=now)


def _apply(feed: CalendarFeed, settings: FeedSettings) -> None:
    feed.show = settings.show
    feed.days_back, feed.days_ahead = settings.days_back, settings.days_ahead
    feed.reminder_minutes = settings.reminder_minutes


def get_managed_feed(feed_id: str, *, actor: Actor) -> CalendarFeed:
    """A live address that this person may change. Raises `NotFound`, `NotAllowed`."""
    return _managed(reading(), feed_id, actor=actor)


def revoke_feed(feed_id: str, *, actor: Actor, now: datetime) -> None:
    """End an address; from the next request on it is as if it never was."""
    with transaction() as session:
        feed = _managed(session, feed_id, actor=actor)
        if feed.revoked_at is None:
            feed.revoked_at = now
            _record(session, feed, "feed.revoked", actor=actor, now=now)


def revoke_feeds_of_account(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `account.cut_off`: end the addresses that somebody who was cut off may know.

    These are the clinic's that they made, and all of the therapist whose account it was.
    """
    theirs = [CalendarFeed.account_id == payload["account"]]
    if payload["therapist"]:
        theirs.append(CalendarFeed.therapist_id == payload["therapist"])
    live = select(CalendarFeed).where(
        or_(*theirs),
        CalendarFeed.clinic_id == payload["clinic"],
        CalendarFeed.revoked_at.is_(None),
        CalendarFeed.created_at <= datetime.fromisoformat(payload["until"]),
    )
    system = Actor(clinic_id=payload["clinic"], name="system:cut-off", is_system=True)
    with transaction() as session:
        for feed in session.scalars(live.with_for_update()).all():
            feed.revoked_at = now
            _record(session, feed, "feed.revoked", actor=system, now=now)


def _managed(session: Session, feed_id: str, *, actor: Actor) -> CalendarFeed:
    lock = bool(session.info.get("writing"))
    feed = session.get(CalendarFeed, feed_id, with_for_update=lock)
    if feed is None or feed.clinic_id != actor.clinic_id:
        raise NotFound
    require(actor, MANAGED_BY[FeedKind(feed.kind)], feed)
    return feed


def note_read(feed: CalendarFeed, *, now: datetime) -> None:
    """Remember when the feed was last read, to five minutes, if the database can write."""
    if feed.last_read_at is not None and now - feed.last_read_at < READ_NOTED_EVERY:
        return
    with informational_write() as session:
        session.execute(
            update(CalendarFeed).where(CalendarFeed.id == feed.id).values(last_read_at=now)
        )


def _record(
    session: Session, feed: CalendarFeed, action: str, *, actor: Actor, now: datetime
) -> None:
    audit.record(session, action, kind="feed", object_id=feed.id, actor=actor, now=now)
