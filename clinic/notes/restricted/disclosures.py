"""What one partner tells alone: restricted, with a decision and a day to look at it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import audit
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import Conflict, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.record.open_record import (
    Chart,
    Written,
    audit_read,
    chart_of,
    find_chart,
    lock_course,
    may,
)
from clinic.notes.record.restricted_models import IndividualDisclosure
from clinic.notes.rules.clinical_checks import (
    disclosure_problems,
    entered_disclosure_problems,
    review_day,
)
from clinic.notes.rules.clinical_values import DisclosureDetails
from clinic.notes.rules.repeated_submission import repeats_since


@dataclass(frozen=True, slots=True)
class ReadableDisclosure:
    """A disclosure as who may read it sees it."""

    id: str
    author: str
    at: datetime
    review_on: date
    flagged: bool
    revision: int
    details: DisclosureDetails


def write_disclosure(
    code: str,
    details: DisclosureDetails,
    *,
    review_on: date | None,
    flagged: bool = False,
    actor: Actor,
    now: datetime,
) -> str:
    """Store what one partner disclosed alone; return its id. Raises `InvalidInput` by field."""
    with transaction() as current:
        chart = find_chart(code, permission=Permission.WRITE_DISCLOSURE, actor=actor, now=now)
        day = _checked(chart, details, review_on, now=now)
        lock_course(current, chart.couple_id)
        if (again := _sent_again(current, chart, details, actor=actor, now=now)) is not None:
            return again
        row = IndividualDisclosure(
            id=new_id(),
            couple_id=chart.couple_id,
            author=actor.name,
            at=now,
            saved_at=now,
            review_on=day,
            flagged=flagged,
            revision=1,
        )
        row.details = details
        current.add(row)
        _record("disclosure.written", row.id, actor=actor, now=now)
        return row.id


def _sent_again(
    current: Session, chart: Chart, details: DisclosureDetails, *, actor: Actor, now: datetime
) -> str | None:
    """The disclosure that the same form made a moment ago."""
    lately = select(IndividualDisclosure).where(
        IndividualDisclosure.couple_id == chart.couple_id,
        IndividualDisclosure.author == actor.name,
        IndividualDisclosure.at >= repeats_since(now),
    )
    return next((row.id for row in current.scalars(lately) if row.details == details), None)


def decide_disclosure(
    disclosure_id: str,
    details: DisclosureDetails,
    *,
    review_on: date | None,
    flagged: bool,
    revision: int,
    actor: Actor,
    now: datetime,
) -> int:
    """Change the decision, the text or the day, on top of `revision`; the new revision."""
    with transaction():
        row = session().get(
            IndividualDisclosure, disclosure_id, with_for_update=True, populate_existing=True
        )
        if row is None:
            raise NotFound
        chart = chart_of(
            row.couple_id, permission=Permission.WRITE_DISCLOSURE, actor=actor, now=now
        )
        day = _checked(chart, details, review_on, now=now)
        if row.revision != revision:
            raise Conflict(code="changed-elsewhere")
        row.revision += 1
        row.details = details
        row.review_on, row.flagged, row.saved_at = day, flagged, now
        _record("disclosure.decided", row.id, actor=actor, now=now)
        return row.revision


def list_disclosures(code: str, *, actor: Actor, now: datetime) -> list[ReadableDisclosure]:
    """The disclosures of a couple that the actor may read, newest first."""
    chart = find_chart(code, actor=actor, now=now)
    audit_read("disclosure.listed", kind="couple", object_id=chart.couple_id, actor=actor, now=now)
    rows = session().scalars(
        select(IndividualDisclosure)
        .where(IndividualDisclosure.couple_id == chart.couple_id)
        .order_by(IndividualDisclosure.at.desc(), IndividualDisclosure.id)
    )
    return [_as_readable(row) for row in _readable(rows, chart, actor=actor)]


def _readable(
    rows: Iterable[IndividualDisclosure], chart: Chart, *, actor: Actor
) -> Iterable[IndividualDisclosure]:
    for row in rows:
        subject = Written(chart, row.author, flagged=row.flagged)
        if may(actor, Permission.READ_DISCLOSURE, subject):
            yield row


def _as_readable(row: IndividualDisclosure) -> ReadableDisclosure:
    return ReadableDisclosure(
        id=row.id,
        author=row.author,
        at=row.at,
        review_on=row.review_on,
        flagged=row.flagged,
        revision=row.revision,
        details=row.details,
    )


def _checked(
    chart: Chart, details: DisclosureDetails, review_on: date | None, *, now: datetime
) -> date:
    problems = disclosure_problems(details, members=chart.members)
    problems += entered_disclosure_problems(details)
    return review_day(review_on, today=chart.day(now), problems=problems)


def _record(action: str, object_id: str, *, actor: Actor, now: datetime) -> None:
    kind = "individual_disclosure"
    audit.record(session(), action, kind=kind, object_id=object_id, actor=actor, now=now)
