"""Slots over 60 days: do 50,000 past appointments cost anything, and does the number of days?"""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from datetime import timedelta

from flask import Flask
from sqlalchemy import event, select

from benchmarks.instances import NOW, clinic_with
from clinic.booking.appointments.queries import slots_of
from clinic.booking.slots.instant_ranges import Interval
from clinic.extensions import db
from clinic.practice.models import SessionType, Therapist

ROUNDS = 15
CALLS = 10


def measure_slots() -> None:
    """Print the time with and without a past, paired round by round, and the number of queries."""
    with ExitStack() as stack:
        without = stack.enter_context(clinic_with(future=100, busy=100))
        with_past = stack.enter_context(clinic_with(past=50_000, future=100, busy=100))
        pairs = [(_cpu(without), _cpu(with_past)) for _ in range(ROUNDS)]
        ratio = statistics.median(long / short for short, long in pairs)
        print("slots of 60 days, one therapist (CPU, median of paired rounds)")
        print(f"  no past            {1000 * statistics.median(a for a, _ in pairs):7.2f} ms")
        print(f"  50,000 past        {1000 * statistics.median(b for _, b in pairs):7.2f} ms")
        print(f"  ratio              {ratio:7.2f}      goal: at most 1.20")
        counts = {days: _queries(with_past, days) for days in (1, 7, 30, 60, 90)}
        print(f"  queries by days    {counts}      goal: all equal")


def _ask(days: int) -> int:
    therapist = db.session.scalars(select(Therapist).order_by(Therapist.sort)).first()
    kind = db.session.scalars(select(SessionType).order_by(SessionType.sort)).first()
    assert therapist is not None
    assert kind is not None
    window = Interval(NOW, NOW + timedelta(days=days))
    return len(slots_of([therapist], kind, window=window, now=NOW))


def _cpu(app: Flask) -> float:
    with app.app_context():
        _ask(60)
        started = time.process_time()
        for _ in range(CALLS):
            _ask(60)
        spent = (time.process_time() - started) / CALLS
        db.session.remove()
        return spent


def _queries(app: Flask, days: int) -> int:
    seen: list[str] = []
    with app.app_context():
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        _ask(days)
        event.remove(db.engine, "before_cursor_execute", listener)
        db.session.remove()
    return len([one for one in seen if one.lstrip().upper().startswith("SELECT")])
