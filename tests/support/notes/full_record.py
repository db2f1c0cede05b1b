"""A couple's record with something of everything in it, and a word that is in every text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure
from clinic.notes.between_sessions.service import add_attempt, add_ratings, draw_cycle
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.restricted.disclosures import write_disclosure
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.restricted.process_notes import write_process_note
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    CyclePart,
    DisclosureDetails,
    FlagDetails,
    RatingDetails,
)
from clinic.notes.rules.note_content import Attempt, NewRupture, Rating, RuptureEntry
from clinic.notes.ruptures.safety_flags import clear_safety_flag, open_safety_flag
from clinic.notes.ruptures.service import change_status
from clinic.notes.signing.addenda import add_addendum
from tests.support.factories import (
    a_note,
    a_run,
    add_closeness,
    make_signed_note,
)

AT = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REVIEW = date(2026, 12, 1)
MARK = "quarrelmark"
"""A word that is put into every field."""


def write_everything(couple):
    lead, code = couple.lead, couple.code
    first = a_note(
        plan=f"{MARK} plan",
        free_text=f"{MARK} free",
        responses=(("A", f"{MARK} a"), ("B", f"{MARK} b")),
        new_ruptures=(
            NewRupture(f"{MARK} title", ("betrayal",), None, 4, key="n1", status="in_repair"),
            NewRupture(f"{MARK} hidden", ("secrecy",), None, 2, visibility="restricted"),
        ),
        attempts=(Attempt("A", ("i_statement",), "rejected", "n1"),),
        ratings=(Rating("A", "end", 3, 8, 4),),
    )
    note_id = make_signed_note(couple, first, at=AT)
    entries = (
        RuptureEntry("R-01", True, 5, 5, "repaired", MARK, None, "", True, True),
        RuptureEntry("R-02", status="open"),
    )
    make_signed_note(couple, a_note(ruptures=entries), at=AT + timedelta(days=1))
    add_addendum(note_id, kind="addendum", text=MARK, proved_at=NOW, actor=lead, now=NOW)
    change_status(
        code, "R-01", "reopened", reason="trust_dip", note_id=note_id,
        effective_at=NOW, text=MARK, actor=lead, now=NOW,
    )  # fmt: skip
    attempt = AttemptDetails("B", ("appreciation",), "partly", "R-01", note=MARK)
    add_attempt(code, attempt, happened_on=AT.date(), actor=lead, now=NOW)
    add_ratings(code, RatingDetails("B", "home", 5, 5, 5), actor=lead, now=NOW)
    slip = add_ratings(code, RatingDetails("A", "home", 9), actor=lead, now=NOW)
    mark_in_error(code, "rating", slip, reason=f"{MARK} wrong person", actor=lead, now=NOW)
    cycle = CycleDetails(MARK, "pursue_withdraw", (CyclePart("A", MARK, position="pursuer"),))
    draw_cycle(code, cycle, actor=lead, now=NOW)
    told = DisclosureDetails("A", MARK, decision="withhold")
    write_disclosure(code, told, review_on=REVIEW, actor=lead, now=NOW)
    write_process_note(code, f"{MARK} process", actor=lead, now=NOW)
    flag = open_safety_flag(
        code, FlagDetails(MARK, 2, MARK, MARK), review_on=REVIEW, actor=lead, now=NOW
    )
    clear_safety_flag(code, flag, because=MARK, actor=lead, now=NOW)
    run = a_run(question=f"{MARK} question", reflection_b=MARK)
    add_run(code, run, happened_on=AT.date(), actor=lead, now=NOW)
    wrong = add_run(code, run, happened_on=AT.date(), actor=lead, now=NOW + timedelta(minutes=1))
    mark_in_error(code, "run", wrong, reason=MARK, actor=lead, now=NOW + timedelta(minutes=2))
    shelf = add_closeness(couple)
    told = EnteredResponse(
        partner="A", instrument_id=shelf, taken_on=AT.date(), answers={"near": 4, "afraid": 1}
    )
    measure = add_measure(code, told, actor=lead, now=NOW)
    mark_in_error(code, "measure", measure, reason=MARK, actor=lead, now=NOW)
    reason = f"{MARK} because it cannot wait"
    break_glass(code, reason, proved_at=NOW, actor=couple.other_therapist, now=NOW)
