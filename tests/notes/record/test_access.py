"""The table of who sees what (domain 2.7), row by row; break-glass; readings told before shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation import audit, outbox
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed, NotFound, ProofNeeded
from clinic.foundation.permissions import Actor
from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.queries import told_between_sessions
from clinic.notes.between_sessions.service import add_attempt_at_home, draw_cycle
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import (
    chart_accesses,
    couple_ledger,
    couple_overview,
    cycle_versions,
    emergency_openings,
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
    FlagDetails,
    RuptureDetails,
)
from clinic.notes.rules.note_content import Attempt, NewRupture, Rating, RuptureEntry
from clinic.notes.ruptures.safety_flags import (
    clear_safety_flag,
    list_safety_flags,
    open_safety_flag,
)
from clinic.notes.ruptures.service import open_rupture
from clinic.notes.session_notes.queries import list_versions, note_screen, read_note
from clinic.notes.session_notes.search import Wanted, search_couple
from clinic.notes.session_notes.service import enter_note, save_draft
from tests.support.factories import a_note, make_care_couple, make_note, make_signed_note

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REVIEW = date(2026, 12, 1)
ROLES = ("lead", "supervisor", "other_therapist", "desk", "admin", "link")
pytestmark = pytest.mark.usefixtures("context")


class Room:
    """One couple's chart with one of everything in it."""

    def __init__(self):
        self.couple = make_care_couple()
        lead = self.couple.lead
        told = a_note(
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
        self.note = make_signed_note(self.couple, told, at=AT)
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
            add_attempt_at_home(self.couple.code, one, happened_on=AT.date(), actor=lead, now=NOW)
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


@pytest.fixture
def room(context):
    return Room()


def outcome(read):
    """What comes of a reading: the thing, `not found` or `refused`."""
    try:
        return read()
    except NotFound:
        return "not found"
    except NotAllowed:
        return "refused"


def told(room, role, read):
    return outcome(lambda: read(room, room.actor(role)))


CHARTS = {
    "signed joint note": lambda room, actor: (
        read_note(room.note, actor=actor, now=NOW).body.content.plan
    ),
    "draft": lambda room, actor: read_note(room.draft, actor=actor, now=NOW).body.content.plan,
    "writing screen": lambda room, actor: note_screen(room.draft, actor=actor, now=NOW).note.kind,
    "versions": lambda room, actor: len(list_versions(room.draft, actor=actor, now=NOW)),
    "ratings": lambda room, actor: len(
        couple_overview(room.couple.code, actor=actor, now=NOW).ratings
    ),
    "joint and restricted ruptures": lambda room, actor: [
        one.details.visibility
        for one in couple_ledger(room.couple.code, actor=actor, now=NOW)[0].ruptures
    ],
    "timeline": lambda room, actor: sorted(
        one.what for one in timeline_page(room.couple.code, actor=actor, now=NOW).items
    ),
    "told between sessions": lambda room, actor: sorted(
        one.attempt.rupture
        for one in told_between_sessions(room.couple.code, actor=actor, now=NOW).entries
    ),
    "cycle": lambda room, actor: len(cycle_versions(room.couple.code, actor=actor, now=NOW)),
    "drawing the cycle": lambda room, actor: draw_cycle(
        room.couple.code, CycleDetails("Silence"), actor=actor, now=NOW
    ),
    "marking an entry in error": lambda room, actor: mark_in_error(
        room.couple.code, "attempt", room.told, reason="Wrong day.", actor=actor, now=NOW
    ),
    "process note": lambda room, actor: read_process_note(room.process, actor=actor, now=NOW).text,
    "process notes": lambda room, actor: len(
        list_process_notes(room.couple.code, actor=actor, now=NOW)
    ),
    "disclosures": lambda room, actor: [
        one.details.text for one in list_disclosures(room.couple.code, actor=actor, now=NOW)
    ],
    "searching": lambda room, actor: len(
        search_couple(room.couple.code, Wanted(words="sunday"), actor=actor, now=NOW)
    ),
    "writing a note": lambda room, actor: (
        save_draft(
            room.draft, content=a_note(plan="Other."), revision=2, actor=actor, now=NOW
        ).revision
    ),
    "writing in the ledger": lambda room, actor: open_rupture(
        room.couple.code,
        RuptureDetails("Another", ("betrayal",), 1),
        actor=actor,
        now=NOW,
    ),
    "list of accesses": lambda room, actor: (
        len(chart_accesses(room.couple.code, actor=actor, now=NOW)) > 0
    ),
    "export": lambda room, actor: export_record(room.couple.code, actor=actor, now=NOW)[:1],
}
NONE = "not found"
PLAN = "Ten quiet minutes on Sunday."
ALL = ["attempt", "attempt", "attempt", "attempt", "note", "note", "note", "rupture", "rupture"]
SIGNED = ["attempt", "attempt", "attempt", "attempt", "note", "rupture", "rupture"]
NOBODY_ELSE = {"other_therapist": NONE, "desk": NONE, "admin": NONE, "link": NONE}
TABLE = {
    "signed joint note": {"lead": PLAN, "supervisor": PLAN},
    "draft": {"lead": PLAN, "supervisor": NONE},
    "writing screen": {"lead": "joint", "supervisor": "refused"},
    "versions": {"lead": 1, "supervisor": "refused"},
    "ratings": {"lead": 1, "supervisor": 1},
    "joint and restricted ruptures": {
        "lead": ["joint", "restricted"],
        "supervisor": ["joint", "restricted"],
    },
    "timeline": {"lead": ALL, "supervisor": SIGNED},
    "told between sessions": {"lead": ["R-01", "R-02"], "supervisor": ["R-01", "R-02"]},
    "cycle": {"lead": 1, "supervisor": 1},
    "drawing the cycle": {"lead": 2, "supervisor": "refused"},
    "marking an entry in error": {"lead": None, "supervisor": "refused"},
    "process note": {"lead": "My own unease.", "supervisor": NONE},
    "process notes": {"lead": 1, "supervisor": "refused", "link": "refused"},
    "disclosures": {"lead": ["Afraid at home.", "Told alone."], "supervisor": ["Afraid at home."]},
    "searching": {"lead": 2, "supervisor": 1},
    "writing a note": {"lead": 3, "supervisor": "refused"},
    "writing in the ledger": {"lead": "R-03", "supervisor": "refused"},
    "list of accesses": {"lead": True, "supervisor": "refused", "admin": True},
    "export": {"lead": "refused", "supervisor": "refused"},
}


@pytest.mark.parametrize("thing", list(TABLE))
def test_each_thing_is_given_to_whom_the_table_says_and_to_nobody_else(room, thing):
    given = {role: told(room, role, CHARTS[thing]) for role in ROLES}
    if thing == "disclosures" and isinstance(given["lead"], list):
        given["lead"] = sorted(given["lead"])

    assert given == NOBODY_ELSE | TABLE[thing]


def test_therapist_of_another_clinic_finds_nothing(room):
    foreign = replace(room.couple.lead, clinic_id="f" * 32)

    assert outcome(lambda: read_note(room.note, actor=foreign, now=NOW)) == NONE


def test_whoever_no_longer_leads_the_couple_keeps_only_the_own_process_notes(room):
    former = replace(room.couple.lead, therapist_id="0" * 32)

    assert told(room, "lead", lambda r, _: r.process) == room.process
    assert outcome(lambda: read_note(room.note, actor=former, now=NOW)) == NONE
    assert read_process_note(room.process, actor=former, now=NOW).text == "My own unease."


def open_in_emergency(room, role="other_therapist", **changes):
    values = {"reason": "Called from the hospital about them.", "proved_at": NOW, "now": NOW}
    return break_glass(room.couple.code, actor=room.actor(role), **(values | changes))


def test_break_glass_opens_the_joint_chart_for_an_hour_without_what_is_restricted(room):
    until = open_in_emergency(room)
    actor = room.couple.other_therapist

    assert until == NOW + timedelta(hours=1)
    course, _ledger = couple_ledger(room.couple.code, actor=actor, now=NOW)
    note = read_note(room.note, actor=actor, now=NOW).body.content
    assert [one.ref for one in course.ruptures] == ["R-01"]
    assert [one.details.rupture for one in course.attempts] == ["R-01", "R-01"]
    assert [one.key for one in note.new_ruptures] == ["R-01"]
    assert [one.rupture for one in note.attempts] == ["R-01"]
    page = timeline_page(room.couple.code, actor=actor, now=NOW)
    assert sorted(one.what for one in page.items) == ["attempt", "attempt", "note", "rupture"]
    between = told_between_sessions(room.couple.code, actor=actor, now=NOW)
    assert [one.id for one in between.entries] == [room.told]
    assert outcome(lambda: read_note(room.note, actor=actor, now=until)) == NONE


@pytest.mark.parametrize(
    ("thing", "given"),
    [
        ("draft", NONE),
        ("writing a note", "refused"),
        ("writing in the ledger", "refused"),
        ("drawing the cycle", "refused"),
        ("marking an entry in error", "refused"),
        ("process note", NONE),
        ("process notes", "refused"),
        ("disclosures", []),
        ("export", "refused"),
        ("list of accesses", "refused"),
    ],
)
def test_break_glass_never_reaches_further(room, thing, given):
    open_in_emergency(room)

    assert told(room, "other_therapist", CHARTS[thing]) == given


def test_break_glass_shows_no_individual_session(room):
    open_in_emergency(room)

    assert (
        outcome(lambda: read_note(room.alone, actor=room.couple.other_therapist, now=NOW)) == NONE
    )


def test_break_glass_shows_an_open_flag_with_its_action_and_without_the_concern(room):
    asks = {"actor": room.couple.lead, "now": NOW}
    details = FlagDetails("Shouting heard", 2, "Seen alone on Monday.", "Inês Duarte")
    flag = open_safety_flag(room.couple.code, details, review_on=REVIEW, **asks)
    open_in_emergency(room)

    def seen():
        flags = list_safety_flags(room.couple.code, actor=room.couple.other_therapist, now=NOW)
        return [(one.details, one.review_on, one.cleared_at) for one in flags]

    assert seen() == [(FlagDetails("", 2, "Seen alone on Monday."), REVIEW, None)]
    clear_safety_flag(room.couple.code, flag, because="Told by A: safe.", **asks)
    assert seen() == []
    assert [one.details.about for one in list_safety_flags(room.couple.code, **asks)] == [
        "Shouting heard"
    ]


def test_break_glass_tells_the_therapist_and_the_clinic_and_names_nobody(room, tmp_path):
    from clinic.foundation.database.transactions import transaction

    with transaction():
        room.couple.practice.therapist.email = "ines.duarte@example.org"
    open_in_emergency(room)

    outbox.deliver_due(now=NOW, limit=20)

    mails = [path.read_text() for path in sorted((tmp_path / "mail").glob("*.eml"))]
    told_of = [mail for mail in mails if "emergency" in mail]
    assert len(told_of) == 2
    assert not [m for m in told_of if room.couple.code in m or "Alex" in m or "couple" in m]


def test_break_glass_needs_a_clinician_a_reason_and_a_fresh_proof(room):
    with pytest.raises(NotAllowed):
        open_in_emergency(room, "desk")
    with pytest.raises(NotAllowed):
        open_in_emergency(room, "admin")
    with pytest.raises(InvalidInput, match="reason"):
        open_in_emergency(room, reason="because")
    with pytest.raises(ProofNeeded):
        open_in_emergency(room, proved_at=NOW - timedelta(minutes=5))


def test_emergency_is_listed_with_its_reason_for_the_therapist_and_without_for_an_admin(room):
    open_in_emergency(room)

    def listed(actor):
        found = emergency_openings(room.couple.code, actor=actor, now=NOW)
        return [(one.actor, one.opened_at, one.reason) for one in found]

    assert listed(room.couple.lead) == [
        ("account:other", NOW, "Called from the hospital about them.")
    ]
    assert listed(room.couple.admin) == [("account:other", NOW, None)]


def actions():
    return list(session().scalars(sa.select(AuditEntry.action).order_by(AuditEntry.seq)))


@pytest.mark.parametrize(
    ("thing", "action"),
    [
        ("signed joint note", "note.read"),
        ("writing screen", "note.read"),
        ("ratings", "chart.read"),
        ("joint and restricted ruptures", "ledger.read"),
        ("timeline", "timeline.read"),
        ("process note", "process_note.read"),
        ("disclosures", "disclosure.listed"),
        ("searching", "chart.searched"),
    ],
)
def test_each_reading_is_in_the_audit_log(room, thing, action):
    before = len(actions())

    told(room, "lead", CHARTS[thing])

    assert actions()[before:] == [action]


@pytest.mark.parametrize(
    "thing",
    [
        "signed joint note",
        "writing screen",
        "ratings",
        "joint and restricted ruptures",
        "timeline",
        "process note",
        "process notes",
        "disclosures",
        "searching",
    ],
)
def test_where_the_audit_log_cannot_be_written_nothing_is_shown(room, thing, monkeypatch):
    def broken(*_):
        raise OSError("disk full")

    monkeypatch.setattr(audit, "_write", broken)

    with pytest.raises(OSError, match="disk full"):
        CHARTS[thing](room, room.couple.lead)


def test_entry_of_a_hidden_rupture_is_not_in_what_break_glass_shows(room):
    second = a_note(
        ruptures=(RuptureEntry("R-01", status="open"), RuptureEntry("R-02", status="open"))
    )
    note_id = make_signed_note(room.couple, second, at=AT + timedelta(days=2, hours=4))
    open_in_emergency(room)

    content = read_note(note_id, actor=room.couple.other_therapist, now=NOW).body.content

    assert [one.ref for one in content.ruptures] == ["R-01"]
