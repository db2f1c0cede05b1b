"""One couple's record with one of everything in it, and each way to read or write in it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from clinic.foundation.errors import NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.queries import list_entries
from clinic.notes.between_sessions.service import add_attempt, draw_cycle
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import (
    chart_accesses,
    couple_ledger,
    couple_overview,
    cycle_versions,
)
from clinic.notes.record_file.export_record import export_record
from clinic.notes.restricted.disclosures import list_disclosures, write_disclosure
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.restricted.process_notes import (
    list_process_notes,
    read_process_note,
    write_process_note,
)
from clinic.notes.rules.clinical_values import (
    AttemptDetails,
    CycleDetails,
    DisclosureDetails,
    RuptureDetails,
)
from clinic.notes.rules.note_content import Attempt, NewRupture, Rating
from clinic.notes.ruptures.service import open_rupture
from clinic.notes.session_notes.queries import list_versions, note_screen, read_note
from clinic.notes.session_notes.search import Wanted, search_couple
from clinic.notes.session_notes.service import enter_note, save_draft
from tests.support.factories import a_note, make_care_couple, make_note, make_signed_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REVIEW = date(2026, 12, 1)
NONE = "not found"


class WholeRecord:
    """One couple's record with one of everything, restricted and joint."""

    def __init__(self):
        self.couple = make_care_couple()
        lead = self.couple.lead
        note = a_note(
            new_ruptures=(
                NewRupture("Joint matter", ("betrayal",), significance=3, key="j"),
                NewRupture(
                    "Hidden matter", ("secrecy",), significance=5, key="r", visibility="restricted"
                ),
            ),
            attempts=(
                Attempt("A", ("i_statement",), "received", "j"),
                Attempt("B", ("appreciation",), "partly", "r"),
            ),
            ratings=(Rating("A", "end", 6, 4, 5),),
        )
        self.note = make_signed_note(self.couple, note, at=AT)
        self.draft = make_note(self.couple, at=AT + timedelta(days=1), now=NOW)
        self.alone = enter_note(
            self.couple.code,
            held_from=AT + timedelta(days=2),
            held_until=AT + timedelta(days=2, hours=1),
            kind="individual_a",
            actor=lead,
            now=NOW,
        )
        tried = [AttemptDetails("A", ("appreciation",), "partly", ref) for ref in ("R-01", "R-02")]
        self.told, self.hidden = (
            add_attempt(self.couple.code, one, happened_on=AT.date(), actor=lead, now=NOW)
            for one in tried
        )
        draw_cycle(self.couple.code, CycleDetails("A missed call"), actor=lead, now=NOW)
        self.process = write_process_note(self.couple.code, "My own unease.", actor=lead, now=NOW)
        for text, flagged in (("Told alone.", False), ("Afraid at home.", True)):
            write_disclosure(
                self.couple.code,
                DisclosureDetails("A", text),
                review_on=REVIEW,
                flagged=flagged,
                actor=lead,
                now=NOW,
            )

    def actor(self, role):
        if role == "link":
            clinic_id = self.couple.practice.clinic.id
            return Actor(clinic_id=clinic_id, name="link:x", appointment_id="0" * 32)
        return getattr(self.couple, role)


def outcome(read):
    """What comes of a reading: the thing, `not found` or `refused`."""
    try:
        return read()
    except NotFound:
        return "not found"
    except NotAllowed:
        return "refused"


def read_as(record, role, read):
    return outcome(lambda: read(record, record.actor(role)))


CHARTS = {
    "signed joint note": lambda record, actor: (
        read_note(record.note, actor=actor, now=NOW).body.content.plan
    ),
    "draft": lambda record, actor: read_note(record.draft, actor=actor, now=NOW).body.content.plan,
    "writing screen": lambda record, actor: (
        note_screen(record.draft, actor=actor, now=NOW).note.kind
    ),
    "versions": lambda record, actor: len(list_versions(record.draft, actor=actor, now=NOW)),
    "ratings": lambda record, actor: len(
        couple_overview(record.couple.code, actor=actor, now=NOW).ratings
    ),
    "joint and restricted ruptures": lambda record, actor: [
        one.details.visibility
        for one in couple_ledger(record.couple.code, actor=actor, now=NOW)[0].ruptures
    ],
    "timeline": lambda record, actor: sorted(
        one.what for one in timeline_page(record.couple.code, actor=actor, now=NOW).items
    ),
    "told between sessions": lambda record, actor: sorted(
        one.attempt.rupture
        for one in list_entries(record.couple.code, actor=actor, now=NOW).entries
    ),
    "cycle": lambda record, actor: len(cycle_versions(record.couple.code, actor=actor, now=NOW)),
    "drawing the cycle": lambda record, actor: draw_cycle(
        record.couple.code, CycleDetails("Silence"), actor=actor, now=NOW
    ),
    "marking an entry in error": lambda record, actor: mark_in_error(
        record.couple.code, "attempt", record.told, reason="Wrong day.", actor=actor, now=NOW
    ),
    "process note": lambda record, actor: (
        read_process_note(record.process, actor=actor, now=NOW).text
    ),
    "process notes": lambda record, actor: len(
        list_process_notes(record.couple.code, actor=actor, now=NOW)
    ),
    "disclosures": lambda record, actor: [
        one.details.text for one in list_disclosures(record.couple.code, actor=actor, now=NOW)
    ],
    "searching": lambda record, actor: len(
        search_couple(record.couple.code, Wanted(words="sunday"), actor=actor, now=NOW)
    ),
    "writing a note": lambda record, actor: (
        save_draft(
            record.draft, content=a_note(plan="Other."), revision=2, actor=actor, now=NOW
        ).revision
    ),
    "writing in the ledger": lambda record, actor: open_rupture(
        record.couple.code,
        RuptureDetails("Another", ("betrayal",), 1),
        actor=actor,
        now=NOW,
    ),
    "list of accesses": lambda record, actor: (
        len(chart_accesses(record.couple.code, actor=actor, now=NOW)) > 0
    ),
    "export": lambda record, actor: export_record(record.couple.code, actor=actor, now=NOW)[:1],
}


def open_in_emergency(record, role="other_therapist", **changes):
    values = {"reason": "Called from the hospital about them.", "proved_at": NOW, "now": NOW}
    return break_glass(record.couple.code, actor=record.actor(role), **(values | changes))
