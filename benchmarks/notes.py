"""A long course: what a couple's timeline and ledger cost, and whether other couples' data tell.

The bare loop reads, opens and parses the same sealed contents and does nothing else: no chart, no
permission, no audit entry, no dataclasses.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from benchmarks.instances import NOW, clinic_with
from clinic.accounts.models import Account
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.crypto.data_keys import data_key
from clinic.foundation.crypto.encryption import Place, open_sealed
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record.rupture_models import (
    PartnerRating,
    RepairAttempt,
    Rupture,
    RuptureEventRow,
)

NOTES, OTHERS, PAGE = 500, 60, 25
ROUNDS = 15
CALLS = 5
COURSE = (Rupture, RuptureEventRow, RepairAttempt, PartnerRating)
Work = Callable[[Couple, Actor], Any]


def measure_notes() -> None:
    """Print timeline and ledger beside their bare loops, and with and without other couples."""
    with ExitStack() as stack:
        alone = stack.enter_context(clinic_with(notes=NOTES))
        among = stack.enter_context(clinic_with(notes=NOTES, couples=OTHERS + 1))
        print(f"{NOTES} sealed notes of one couple (CPU, median of paired rounds)")
        _compare("timeline, first page", _timeline, _bare_page, alone, among)
        _compare("whole ledger", _ledger, _bare_course, alone, among)


def _compare(name: str, work: Work, bare: Work, alone: Flask, among: Flask) -> None:
    rounds = [(_cpu(alone, bare), _cpu(alone, work), _cpu(among, work)) for _ in range(ROUNDS)]
    to_bare = statistics.median(one / least for least, one, _many in rounds)
    to_alone = statistics.median(many / one for _least, one, many in rounds)
    print(f"  {name}")
    kinds = ("bare loop", "alone", f"among {OTHERS} others")
    for kind, spent in zip(kinds, zip(*rounds, strict=True), strict=True):
        print(f"    {kind:<20}  {1000 * statistics.median(spent):7.2f} ms")
    print(f"    alone / bare loop     {to_bare:7.2f}")
    print(f"    among others / alone  {to_alone:7.2f}      goal: at most 1.15")


def _timeline(couple: Couple, actor: Actor) -> None:
    found = timeline_page(couple.code, limit=PAGE, actor=actor, now=NOW + timedelta(hours=1))
    assert len(found.items) == PAGE


def _ledger(couple: Couple, actor: Actor) -> None:
    course, _ledger = couple_ledger(couple.code, actor=actor, now=NOW + timedelta(hours=1))
    assert len(course.sessions) == NOTES


def _bare_page(couple: Couple, _actor: Actor) -> None:
    """The page is half notes, half attempts, and a rupture or two with six events each."""
    _open(couple, SessionNote, "body_sealed", "held_from", PAGE // 2)
    _open(couple, RepairAttempt, "details_sealed", "at", PAGE // 2)
    _open(couple, Rupture, "details_sealed", "opened_at", 1)
    _open(couple, RuptureEventRow, "details_sealed", "number", 6)


def _bare_course(couple: Couple, _actor: Actor) -> None:
    for table in COURSE:
        _open(couple, table, "details_sealed")


def _open(couple: Couple, model: Any, column: str, by: str = "id", most: int | None = None):
    """Open and parse the newest sealed values of one table."""
    table = model.__table__
    revision = table.c.get("revision")
    columns = [table.c.id, table.c[column], *([] if revision is None else [revision])]
    query = select(*columns).where(table.c.couple_id == couple.id)
    query = query.order_by(table.c[by].desc()).limit(most)
    key = data_key(couple.id)
    for row in db.session.execute(query):
        place = Place(table.name, column, couple.id, row[0], row[2] if len(row) > 2 else 0)
        json.loads(open_sealed(key, row[1], place))


def _cpu(app: Flask, work: Work) -> float:
    with app.app_context():
        actor = _therapist()
        couple = db.session.scalars(select(Couple).order_by(Couple.code)).first()
        work(couple, actor)
        spent = 0.0
        for _ in range(CALLS):
            # As a request does it: a session of its own.
            db.session.remove()
            couple = db.session.scalars(select(Couple).order_by(Couple.code)).first()
            started = time.process_time()
            work(couple, actor)
            spent += time.process_time() - started
        db.session.remove()
        return spent / CALLS


def _therapist() -> Actor:
    account = db.session.scalars(select(Account).where(Account.therapist_id.is_not(None))).one()
    return Actor(
        clinic_id=account.clinic_id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=account.therapist_id,
    )
