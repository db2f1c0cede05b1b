"""The worker: promised effects delivered in several lanes at once.

Whatever waits for other people's servers has a lane of its own, so that a calendar that hangs
keeps no mail back. A lane is a thread with an app context, and so a database session, of its own;
claims and leases are those of several workers.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from types import FrameType

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from clinic.extensions import db
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.operations import housekeeping

IDLE_S = 0.5
LOOKS_UP_EVERY_S = 0.1
ENDED_WITHIN_S = 5.0
"""How long the end waits for what is under way; what takes longer is taken up by the next worker
when its lease has run out."""

log = logging.getLogger(__name__)


class Worker:
    """Delivers from `run` until `end`. A lane that breaks ends all of it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._ending = False  # a plain flag: a signal may set it in the middle of anything
        self._broken: Exception | None = None
        self._lanes = [
            threading.Thread(target=self._work, args=(lane,), name=f"lane {lane}", daemon=True)
            for lane in (outbox.REST, *app.extensions["outbox_lanes"])
        ]

    def run(self) -> None:
        """Deliver what is promised, and keep the house, until told to end."""
        for lane in self._lanes:
            lane.start()
        try:
            with self._app.app_context():
                self._do_chores()
        finally:
            self.end()
            self._wait_for_lanes()
        if self._broken is not None:
            raise self._broken

    def end(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Claim nothing more; fit to be a signal handler."""
        self._ending = True

    def _do_chores(self) -> None:
        due = dict.fromkeys(housekeeping.CHORES, datetime.min.replace(tzinfo=UTC))
        while not self._ending:
            for chore, every in housekeeping.CHORES:
                if clock.now() >= due[chore, every]:
                    with_own_session(chore)
                    due[chore, every] = clock.now() + every
            self._rest()

    def _work(self, lane: str) -> None:
        try:
            with self._app.app_context():
                while not self._ending:
                    if not with_own_session(partial(outbox.deliver_due, lane=lane)):
                        self._rest()
        except Exception as error:  # noqa: BLE001 - raised again by `run`, in the main thread
            self._broken = error
            self.end()

    def _rest(self) -> None:
        end_read_before_waiting()
        until = time.monotonic() + IDLE_S
        while not self._ending and time.monotonic() < until:
            time.sleep(LOOKS_UP_EVERY_S)

    def _wait_for_lanes(self) -> None:
        deadline = time.monotonic() + ENDED_WITHIN_S
        for lane in self._lanes:
            lane.join(max(0.0, deadline - time.monotonic()))


def run_worker(app: Flask) -> None:
    """Run a worker in this process; Ctrl-C and SIGTERM end it in order."""
    worker = Worker(app)
    signal.signal(signal.SIGINT, worker.end)
    signal.signal(signal.SIGTERM, worker.end)
    worker.run()


def with_own_session(work: Callable[..., int | None]) -> int:
    """Do one piece of work with a session of its own; a database that is away is waited for."""
    try:
        return work(now=clock.now()) or 0
    except SQLAlchemyError as error:
        log.warning("the outbox waits for the database: %s", type(error).__name__)
        return 0
    finally:
        db.session.remove()
