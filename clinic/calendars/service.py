"""Making and revoking feed addresses."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.calendars.models import CalendarFeed, FeedKind
from clinic.couples.models import CoupleMember
from clinic.foundation import audit
from clinic.foundation.database import lock_name, new_id, transaction
from clinic.foundation.database import session as reading
from clinic.foundation.errors import N_, InvalidInput, NotFound
from clinic.foundation.permissions import Actor, Permission, require
from clinic.foundation.vault import derived_token, random_token, token_hash
from clinic.practice.models import Therapist

READ_NOTED_EVERY = timedelta(minutes=5)


def create_therapist_feed(
    therapist_id: str, *, name: str, actor: Actor, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new address for a therapist's feed, and its token: shown once, kept as a hash."""
    name = name.strip()
    if not 0 < len(name) <= 60:
        raise InvalidInput({"name": [N_("Please name it, in up to 60 characters.")]})
    with transaction() as session:
        therapist = session.get(Therapist, therapist_id)
        if therapist is None or therapist.clinic_id != actor.clinic_id:
            raise NotFound
        require(actor, Permission.MANAGE_FEEDS, therapist_id)
        token = random_token()
        feed = CalendarFeed(
            id=new_id(),
            clinic_id=actor.clinic_id,
            kind=FeedKind.THERAPIST,
            therapist_id=therapist_id,
            name=name,
            token_hash=token_hash(token),
            created_at=now,
        )
        session.add(feed)
        _record(feed, "feed.created", actor=actor, now=now)
    return feed, token


def partner_feed_token(member: CoupleMember, *, clinic_id: str, now: datetime) -> str:
    """The token of a partner's own feed; the address is made at the first asking."""
    token = derived_token(clinic_id, "partner-feed", member.id)
    hashed = token_hash(token)
    if _feed_with(reading(), hashed) is not None:
        return token
    with transaction() as session:
        lock_name(session, hashed)
        if _feed_with(session, hashed) is None:
            session.add(
                CalendarFeed(
                    id=new_id(),
                    clinic_id=clinic_id,
                    kind=FeedKind.PARTNER,
                    member_id=member.id,
                    name="own",
                    token_hash=hashed,
                    created_at=now,
                )
            )
    return token


def _feed_with(session: Session, hashed: bytes) -> CalendarFeed | None:
    return session.scalar(select(CalendarFeed).where(CalendarFeed.token_hash == hashed))


def revoke_feed(feed_id: str, *, actor: Actor, now: datetime) -> None:
    """End an address; from the next request on it is as if it never was."""
    with transaction() as session:
        feed = session.get(CalendarFeed, feed_id) if feed_id.isalnum() else None
        if feed is None or feed.clinic_id != actor.clinic_id:
            raise NotFound
        require(actor, Permission.MANAGE_FEEDS, feed)
        if feed.revoked_at is None:
            feed.revoked_at = now
            _record(feed, "feed.revoked", actor=actor, now=now)


def note_read(feed: CalendarFeed, *, now: datetime) -> None:
    """Remember when the feed was last read, to five minutes."""
    if feed.last_read_at is not None and now - feed.last_read_at < READ_NOTED_EVERY:
        return
    with transaction() as session:
        session.execute(
            update(CalendarFeed).where(CalendarFeed.id == feed.id).values(last_read_at=now)
        )


def _record(feed: CalendarFeed, action: str, *, actor: Actor, now: datetime) -> None:
    with transaction() as session:
        audit.record(session, action, kind="feed", object_id=feed.id, actor=actor, now=now)
