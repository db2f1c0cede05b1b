"""The demo couple's course of eight sessions, written, signed and sealed as in real life.

The course is the worked example of the domain document: one rupture that is mended, opens again
and is mended again. Everybody in it is made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.booking.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.between_sessions.service import draw_cycle
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart
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
from clinic.notes.rules.transparency_window import Happening, RunDetails
from clinic.notes.session_notes.service import open_note, save_draft
from clinic.notes.signing.signing import seal_when_due, sign_note
from clinic.sample_data.demo_questionnaires import answer_demo_measures

End = tuple[int | None, int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SessionFields:
    """What differs from session to session."""

    steps: tuple[str, ...]
    a: str
    b: str
    plan: str
    attempt: Attempt | None = None
    entry: RuptureEntry | None = None
    ends: tuple[End, End]
    """At the session's end, A and B: felt safety, defensiveness, regulation."""
    new: tuple[NewRupture, ...] = ()
    exercises: tuple[str, ...] = ()
    cycle: str = ""
    goals: tuple[str, ...] = field(default=("Say what hurts before it turns into a test.",))


def _repaired(worked: tuple[int, int]) -> RuptureEntry:
    return RuptureEntry(
        "R-01",
        worked_on=True,
        intensity_a=worked[0],
        intensity_b=worked[1],
        status="repaired",
        confirmed_a=True,
        confirmed_b=True,
    )


def _in_repair(worked: tuple[int, int], reason: str | None = None) -> RuptureEntry:
    return RuptureEntry("R-01", True, *worked, status="in_repair", reason=reason)


SESSIONS = (
    _SessionFields(
        steps=("eft_step_1", "eft_step_2"),
        ends=((3, None, 3), (5, None, 5)),
        a="Cried when she spoke of the hospital corridor; went quiet after his apology.",
        b="Apologised quickly, then explained himself at length.",
        plan="Each writes down what that night meant; no discussion of it at home for now.",
        new=(
            NewRupture(
                "Alone in the hospital corridor",
                ("abandonment_in_need",),
                date(2025, 11, 1),
                4,
                key="new-1",
                status="in_repair",
                injured="A",
                precision="month",
                attachment_injury=True,
            ),
        ),
        attempt=Attempt("B", ("empathic_apology",), "rejected", "new-1", facilitated=True),
        cycle="She asks again, he defends, she withdraws, he works late.",
    ),
    _SessionFields(
        steps=("eft_step_2", "eft_step_3"),
        ends=((4, None, 4), (5, None, 5)),
        a="Could say that she is frightened rather than angry.",
        b="Listened longer than last time; stiff shoulders.",
        plan="One small favour a day, asked for in words.",
        attempt=Attempt("B", ("acknowledges_impact",), "partly", "R-01", facilitated=True),
        entry=_in_repair((7, 5)),
        exercises=("small_favour",),
        cycle="Seen in the room when his telephone rang.",
    ),
    _SessionFields(
        steps=("eft_step_3", "injury_repair"),
        ends=((5, 8, 4), (6, None, 5)),
        a="Reached for his hand when he stayed with her account.",
        b="Named his own fear of having failed her.",
        plan="Ten minutes on Sunday evening, one question.",
        attempt=Attempt("A", ("i_statement",), "received", "R-01", facilitated=True),
        entry=_in_repair((6, 4)),
        exercises=("transparency_window",),
    ),
    _SessionFields(
        steps=("injury_repair", "eft_step_5"),
        ends=((7, 7, 6), (7, None, 6)),
        a="Told the whole night again and was comforted; says it feels finished.",
        b="Owned what he did without explaining it; asks what she needs on hard days.",
        plan="Keep the Sunday window; a word when late.",
        attempt=Attempt(
            "B", ("takes_responsibility", "offers_comfort"), "received", "R-01", facilitated=True
        ),
        entry=_repaired((2, 2)),
        exercises=("transparency_window",),
    ),
    _SessionFields(
        steps=("eft_step_6", "psychoeducation"),
        ends=((7, 6, 6), (8, None, 7)),
        a="Lighter; checks less; a joke about the telephone.",
        b="Sends a line when the train is late, unasked.",
        plan="Nothing new: let it become ordinary.",
    ),
    _SessionFields(
        steps=("injury_repair", "escalation_stopped"),
        ends=((4, 7, 3), (5, None, 4)),
        a="He missed her call on Thursday; that night is back, as loud as before.",
        b="Hurt that weeks of effort seem to count for nothing.",
        plan="Say “that night is here” instead of testing; he answers before he explains.",
        attempt=Attempt("B", ("answers_honestly",), "rejected", "R-01"),
        entry=_in_repair((8, 6), reason="trust_dip"),
        cycle="A missed call, a test, a defence: within a minute.",
    ),
    _SessionFields(
        steps=("injury_repair", "eft_step_5"),
        ends=((6, 5, 5), (6, None, 6)),
        a="Used the agreed words twice at home; believes him by day, not at night.",
        b="Stayed when it was hard to stay.",
        plan="A call before sleep when apart.",
        attempt=Attempt("B", ("consistency",), "partly", "R-01", facilitated=True),
        entry=_in_repair((5, 3)),
        exercises=("validate_feeling",),
    ),
    _SessionFields(
        steps=("eft_step_7", "injury_repair"),
        ends=((8, 4, 7), (7, None, 7)),
        a="Asked for comfort and got it; says the night has a different ending now.",
        b="Moved to be asked.",
        plan="Three weeks to the next session; the Sunday window goes on.",
        attempt=Attempt("A", ("i_statement", "appreciation"), "received", "R-01"),
        entry=_repaired((1, 1)),
        exercises=("transparency_window",),
    ),
)

CYCLE = CycleDetails(
    trigger="A message or a call without an answer.",
    pattern="pursue_withdraw",
    parts=(
        CyclePart(
            "A",
            move="Asks again, then tests.",
            perception="I come last.",
            secondary_emotion="Anger",
            primary_emotion="Fear of being alone when it counts",
            need="A sign that he is there",
            position="pursuer",
        ),
        CyclePart(
            "B",
            move="Explains, then works late.",
            perception="Nothing I do is right.",
            secondary_emotion="Irritation",
            primary_emotion="Shame",
            need="To be good enough for her",
            position="withdrawer",
        ),
    ),
)

WINDOW = RunDetails(
    asker="A",
    listener="B",
    question="When your telephone rings at night, do you think of that corridor too?",
    consent_a=True,
    consent_b=True,
    log=(
        Happening(0, "start"),
        Happening(0, "tick", "A", 4),
        Happening(0, "tick", "B", 3),
        Happening(150, "tick", "A", 3),
        Happening(150, "tick", "B", 5),
        Happening(300, "tick", "A", 4),
        Happening(340, "tick", "B", 6),
        Happening(340, "resume", waited_s=20 * 60),
        Happening(340, "tick", "B", 3),
        Happening(450, "tick", "A", 3),
        Happening(450, "tick", "B", 4),
        Happening(600, "tick", "A", 2),
        Happening(600, "tick", "B", 3),
    ),
    reflection_a="He came back as he had said. That was new.",
    reflection_b="Twenty minutes in the garden were enough to listen again.",
)
SUNDAY_AFTER = timedelta(days=5)
"""From the third session, a Tuesday, to the evening of their first window at home."""


def write_demo_course(code: str, *, clinic_id: str, now: datetime) -> None:
    """Write, sign and seal the notes of the sessions that are past."""
    couple = session().scalars(
        select(Couple).where(Couple.code == code, Couple.clinic_id == clinic_id)
    )
    couple_id, lead_id = next((one.id, one.lead_therapist_id) for one in couple)
    lead = _lead(lead_id, clinic_id=clinic_id)
    rows = session().scalars(
        select(Appointment)
        .where(Appointment.couple_id == couple_id)
        .order_by(Appointment.starts_at)
    )
    held = [(row.id, row.ends_at) for row in rows]
    for entered, (appointment_id, ended_at) in zip(SESSIONS, held, strict=False):
        if ended_at + timedelta(hours=1) <= now:
            _write(appointment_id, entered, actor=lead, now=ended_at + timedelta(minutes=20))
    if len(held) > 1 and held[1][1] < now:
        draw_cycle(code, CYCLE, actor=lead, now=held[1][1])
    if len(held) > 3 and held[3][1] < now:
        sunday = (held[2][1] + SUNDAY_AFTER).date()
        add_run(code, WINDOW, happened_on=sunday, actor=lead, now=held[3][1])
    answer_demo_measures(code, [ended for _id, ended in held if ended < now], actor=lead)


def _lead(therapist_id: str | None, *, clinic_id: str) -> Actor:
    account = session().scalars(select(Account).where(Account.therapist_id == therapist_id)).one()
    return Actor(
        clinic_id=clinic_id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.THERAPIST}),
        therapist_id=therapist_id,
    )


def _write(appointment_id: str, entered: _SessionFields, *, actor: Actor, now: datetime) -> None:
    note_id = open_note(appointment_id, actor=actor, now=now)
    saved = save_draft(note_id, content=_content(entered), revision=1, actor=actor, now=now)
    sign_note(note_id, revision=saved.revision, proved_at=now, actor=actor, now=now)
    seal_when_due({"note": note_id}, now + timedelta(minutes=15))


def _content(entered: _SessionFields) -> NoteContent:
    return NoteContent(
        attendance=(Attendance("A", "present"), Attendance("B", "present")),
        safety=SafetyCheck("nil_noted"),
        ratings=tuple(
            Rating(who, "end", *end) for who, end in zip("AB", entered.ends, strict=True)
        ),
        ruptures=(entered.entry,) if entered.entry else (),
        new_ruptures=entered.new,
        cycle=CycleSeen(entered.cycle, "pursue_withdraw" if entered.cycle else None),
        interventions=tuple(Intervention(code) for code in entered.steps),
        attempts=(entered.attempt,) if entered.attempt else (),
        responses=(("A", entered.a), ("B", entered.b)),
        goals=entered.goals,
        plan=entered.plan,
        exercises=entered.exercises,
    )
