"""Signed and sealed session notes for load tests, written the way a therapist writes them.

A course is a round of ten sessions told again and again: a rupture is named, worked on, mended,
opened again and mended again. About 2 KB of text a note. It is plainly made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    CycleSeen,
    Intervention,
    NewRupture,
    NoteContent,
    Rating,
    RuptureEntry,
    SafetyCheck,
)
from clinic.notes.session_notes.service import enter_note, save_draft
from clinic.notes.signing.signing import seal_when_due, sign_note

EVERY = timedelta(days=3)
LENGTH = timedelta(minutes=75)
OTHERS = 50
"""Every other couple gets one note for so many of the first one's."""
ROUND = 10
NEW, MENDED, REOPENED, MENDED_AGAIN = 0, 6, 7, 9
"""What happens to a rupture in which session of its round; in the others it is worked on."""
ACTS = ("empathic_apology", "acknowledges_impact", "i_statement", "takes_responsibility")
RECEIPTS = ("rejected", "partly", "received")
TEXT = "Generated text of a session note for load tests; nobody said or did this. " * 4


def began(notes: int, *, now: datetime) -> datetime:
    """When a course of so many sessions must have begun to be written by now."""
    return now - EVERY * (notes + 1)


def write_notes(couples: Sequence[Couple], notes: int, *, now: datetime) -> None:
    """Write `notes` for the first couple and a few for each other one, the newest before now.

    The lead therapist of the couples has an account; it signs.
    """
    actor = _lead(couples[0])
    codes = [couple.code for couple in couples]
    for at, code in enumerate(codes):
        count = notes if at == 0 else max(1, notes // OTHERS)
        _write_course(code, count, actor=actor, first=now - EVERY * count)


def _lead(couple: Couple) -> Actor:
    query = select(Account).where(Account.therapist_id == couple.lead_therapist_id)
    account = session().scalars(query).one()
    return Actor(
        clinic_id=couple.clinic_id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=account.therapist_id,
    )


def _write_course(code: str, count: int, *, actor: Actor, first: datetime) -> None:
    for begin in range(0, count, ROUND):
        with transaction():  # one commit for a round: the disk is not what is made here
            for number in range(begin, min(begin + ROUND, count)):
                _write(code, number, actor=actor, start=first + EVERY * number)


def _write(code: str, number: int, *, actor: Actor, start: datetime) -> None:
    until = start + LENGTH
    now = until + timedelta(minutes=20)
    note_id = enter_note(code, held_from=start, held_until=until, actor=actor, now=now)
    saved = save_draft(note_id, content=content_of(number), revision=1, actor=actor, now=now)
    sign_note(note_id, revision=saved.revision, proved_at=now, actor=actor, now=now)
    seal_when_due({"note": note_id}, now + timedelta(minutes=15))


def content_of(number: int) -> NoteContent:
    """What the note of the session with this number (from 0) says."""
    turn, place = divmod(number, ROUND)
    new = place == NEW
    ref = f"R-{turn + 1:02}"
    return NoteContent(
        attendance=(Attendance("A", "present"), Attendance("B", "present")),
        safety=SafetyCheck("nil_noted"),
        ratings=tuple(_rating(partner, number) for partner in "AB"),
        ruptures=() if new else (_entry(ref, place),),
        new_ruptures=(_rupture(number),) if new else (),
        cycle=CycleSeen(TEXT, "pursue_withdraw"),
        interventions=(Intervention("eft_step_2"), Intervention("injury_repair")),
        attempts=(_attempt("new-1" if new else ref, number),),
        responses=(("A", TEXT), ("B", TEXT)),
        goals=("A generated goal.",),
        plan=f"Generated plan of session {number + 1}.",
        exercises=("transparency_window",),
        free_text=TEXT,
    )


def _rupture(number: int) -> NewRupture:
    return NewRupture(
        title=f"Generated rupture {number // ROUND + 1}",
        types=("abandonment_in_need",),
        significance=number // ROUND % 5 + 1,
        key="new-1",
        status="in_repair",
    )


def _entry(ref: str, place: int) -> RuptureEntry:
    mended = place in {MENDED, MENDED_AGAIN}
    return RuptureEntry(
        ref,
        worked_on=True,
        intensity_a=2 if mended else 6,
        intensity_b=1 if mended else 5,
        status="repaired" if mended else "in_repair",
        reason="trust_dip" if place == REOPENED else None,
        confirmed_a=True if mended else None,
        confirmed_b=True if mended else None,
    )


def _attempt(rupture: str, number: int) -> Attempt:
    return Attempt(
        by="AB"[number % 2],
        acts=(ACTS[number % len(ACTS)],),
        receipt=RECEIPTS[number % len(RECEIPTS)],
        rupture=rupture,
        facilitated=number % 2 == 0,
    )


def _rating(partner: str, number: int) -> Rating:
    return Rating(
        partner, "end", felt_safety=number % 11, defensiveness=10 - number % 11, regulation=5
    )
