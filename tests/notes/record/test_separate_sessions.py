"""One partner books alone with another therapist: whose session, whose note, who learns of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_migrate import upgrade

from app import create_app
from clinic.booking.appointments.external import hand_over
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions import Role
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.overview import couple_ledger, couple_overview
from clinic.notes.record.note_models import SessionNote
from clinic.notes.record_file.export_record import read_record, record_text
from clinic.notes.record_file.import_record import import_record
from clinic.notes.record_file.shape import LeadPart
from clinic.notes.restricted.emergency_access import break_glass
from clinic.notes.rules.note_content import (
    Attempt,
    Attendance,
    NewRupture,
    Rating,
    RuptureEntry,
    SafetyCheck,
)
from clinic.notes.ruptures.safety_flags import list_safety_flags
from clinic.notes.session_notes.couple_list import list_couples
from clinic.notes.session_notes.queries import note_screen, read_note
from clinic.notes.session_notes.service import open_note, save_draft
from clinic.notes.session_notes.unsigned import unsigned_notes, waiting_for_cosignature
from clinic.notes.signing.signing import cosign_note, sign_note
from clinic.practice.models import Therapist
from tests.conftest import settings_for
from tests.support.factories import PASSWORD, a_note, make_signed_note
from tests.support.notes.separate_session import AFRAID, AFTER, HELD, SAM, WHOLE, open_house

SECRETS = (AFRAID, WHOLE["plan"], WHOLE["responses.A"], "Wept.")
"""What nobody but Daniel (and, once it is signed, a supervisor) may read."""


@pytest.fixture
def house(app):
    return open_house(app)


def main(page):
    """What a page says, in one line."""
    text = page.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def alone(**changes):
    """A note of Alex's own session with nothing missing."""
    values = {"attendance": (Attendance("A", "present"),), "responses": (("A", "Wept."),)}
    return a_note(**(values | changes))


def signed_by_daniel(house, content=None, *, for_cosign=False):
    """Daniel's signed note; its id."""
    return signed_by(house, house.actor("daniel"), content or alone(), for_cosign=for_cosign)


def signed_by(house, actor, content, *, for_cosign=False):
    note_id = open_note(house.appointment, actor=actor, now=AFTER)
    save_draft(note_id, content=content, revision=1, actor=actor, now=AFTER)
    sign_note(note_id, revision=2, proved_at=AFTER, for_cosign=for_cosign, actor=actor, now=AFTER)
    return note_id


def test_pages_of_an_appointment_list_only_who_was_named(house):
    for who in ("daniel", "desk", "admin", "supervisor"):
        browser = house.enter(who)
        appointment = main(browser.get(f"/desk/appointments/{house.reference}"))
        day = main(browser.get("/desk/day?on=2026-11-24&therapist=daniel-reyes"))

        assert ("Alex Example" in appointment, "Sam" in appointment) == (True, False)
        assert ("· Alex" in day, "Sam" in day) == (True, False)
        assert (AFRAID in appointment) is (who == "daniel")


def test_lead_is_not_told_of_the_appointment_at_the_desk(house):
    ines = house.enter("ines")

    ines.get(f"/desk/appointments/{house.reference}", 404)
    assert house.code not in main(ines.get("/desk/day?on=2026-11-24"))


def test_lead_who_sees_every_diary_reads_no_words_of_a_session_apart(house):
    with house.app.app_context():
        from clinic.accounts.models import Account

        with transaction():
            row = session().get_one(Account, house.accounts["ines"])
            row.role_names = [*row.role_names, Role.SUPERVISOR.value, Role.FRONT_DESK.value]
        db.session.remove()

    page = main(house.enter("ines").get(f"/desk/appointments/{house.reference}"))

    assert ("Alex Example" in page, AFRAID in page) == (True, False)


def test_who_held_the_session_writes_signs_recalls_and_adds_to_its_note(house):
    daniel = house.enter("daniel")
    listed = daniel.get("/desk/notes/unsigned")
    assert house.code in listed
    assert f'/desk/couples/{house.code}"' not in listed

    note = daniel.open_note(house)
    screen = daniel.get(note)
    text = main(screen)
    assert "Session with A alone" in text
    assert ("Alex" in text, "Sam" in text, "Alone at the party" in text) == (True, False, False)
    assert ('name="attendance.A"' in screen, 'name="attendance.B"' in screen) == (True, False)
    assert "Evenings without screens" not in screen
    assert f"/desk/couples/{house.code}" not in screen

    saved = daniel.post(f"{note}/autosave", 200, revision="1", **WHOLE).json
    assert (saved["revision"], saved["missing"]) == (2, [])
    daniel.post(note, revision="2", **WHOLE)
    assert "Sam" not in main(daniel.get(f"{note}/sign"))
    daniel.post(f"{note}/sign", revision="3", password=PASSWORD)
    daniel.post(f"{note}/recall")
    daniel.post(f"{note}/sign", revision="4", password=PASSWORD)
    seal = AFTER + timedelta(minutes=16)
    clock.freeze(seal)
    daniel = house.enter("daniel")
    assert "Session with A alone" in main(daniel.get(note))
    added = {"kind": "addendum", "text": "She rang.", "password": PASSWORD}
    daniel.post(f"{note}/addenda", **added)
    assert "She rang." in daniel.get(note)
    assert house.code not in main(daniel.get("/desk/notes/unsigned"))


def test_brief_of_who_holds_it_names_who_was_named_and_nothing_of_the_record(house):
    daniel = house.enter("daniel")
    code, appointment = house.code, house.appointment

    for path in ("brief", "notes/new"):
        page = main(daniel.get(f"/desk/couples/{code}/{path}?appointment={appointment}"))
        assert ("Alex Example" in page, "Sam" in page) == (True, False)
        assert "Alone at the party" not in page
        assert "Ten quiet minutes" not in page
        daniel.get(f"/desk/couples/{code}/{path}", 404)
        daniel.get(f"/desk/couples/{code}/{path}?appointment={'0' * 32}", 404)


def test_holding_one_session_opens_nothing_else_of_the_couple(house):
    house.do(lambda: signed_by_daniel(house))
    daniel = house.enter("daniel")

    for path in (
        "", "/ledger", "/cycle", "/restricted", "/at-home", "/windows", "/measures",
        "/ruptures/R-01", "/search?words=ten", "/process-notes",
    ):  # fmt: skip
        daniel.get(f"/desk/couples/{house.code}{path}", 404)
    daniel.get(f"/api/v1/couples/{house.code}/timeline", 404)
    daniel.get(f"/desk/notes/{house.joint_note}", 404)


@pytest.mark.parametrize("signed", [False, True])
def test_lead_sees_the_time_and_nothing_more(house, signed):
    note_id = house.do(
        lambda: (
            signed_by_daniel(house)
            if signed
            else open_note(house.appointment, actor=house.actor("daniel"), now=AFTER)
        )
    )
    ines, code = house.enter("ines"), house.code

    record = main(ines.get(f"/desk/couples/{code}"))
    assert record.count("Session with another therapist") == 1
    assert "Session with A alone" not in record
    assert "Tuesday 24 November 2026, 10:00 – 10:30 (Lisbon)" in record
    items = ines.client.get(f"/api/v1/couples/{code}/timeline").json["items"]
    assert [one for one in items if one["what"] == "session"] == [
        {
            "what": "session",
            "id": house.appointment,
            "at": "2026-11-24T10:00:00Z",
            "session": {"end": "2026-11-24T10:30:00Z"},
            "note": None,
            "rupture": None,
            "attempt": None,
            "run": None,
        }
    ]
    assert [one["id"] for one in items if one["what"] == "note"] == [house.joint_note]
    pages = [
        f"/desk/couples/{code}",
        f"/desk/couples/{code}/brief?appointment={house.appointment}",
        f"/desk/couples/{code}/notes/new?appointment={house.appointment}",
        f"/desk/couples/{code}/search?words=sister",
        f"/desk/couples/{code}/ledger",
        "/desk/couples?q=sister",
        "/desk/notes/unsigned",
        "/desk/couples",
    ]
    told = "".join(ines.get(one) for one in pages)
    assert [one for one in SECRETS if one in told] == []
    assert house.appointment not in "".join(ines.get(one) for one in pages[1:])
    assert note_id not in told
    assert "Nothing is waiting" in ines.get("/desk/notes/unsigned")


def test_lead_cannot_open_the_note_of_a_session_apart(house):
    ines = house.enter("ines")

    ines.post(f"/desk/couples/{house.code}/notes/new", 404, appointment=house.appointment)
    assert house.do(lambda: session().scalar(sa.select(sa.func.count(SessionNote.id)))) == 1


def test_session_apart_counts_nowhere_in_the_couples_course(house):
    lead = house.actor("ines")

    def figures():
        course, ledger = couple_ledger(house.code, actor=lead, now=AFTER)
        overview = couple_overview(house.code, actor=lead, now=AFTER)
        line = list_couples(actor=lead, now=AFTER)[0]
        return course, ledger, overview.carried, overview.sessions, line.last, line.next

    before = house.do(figures)
    told = alone(
        attempts=(Attempt("A", ("appreciation",), "rejected"),),
        ratings=(Rating("A", "end", 1, 9, 1),),
        new_ruptures=(NewRupture("What he did", ("betrayal",), None, 5, key="x"),),
        goals=("Leave him",),
    )
    house.do(lambda: signed_by_daniel(house, told))

    assert house.do(figures) == before


def test_note_apart_keeps_all_that_was_written_in_it(house):
    told = alone(ratings=(Rating("A", "end", 1, 9, 1),), free_text="What he did.")
    note_id = house.do(lambda: signed_by_daniel(house, told))

    seen = house.do(lambda: read_note(note_id, actor=house.actor("daniel"), now=AFTER))

    assert (seen.body.content, seen.kind, seen.number) == (told, "individual_a", None)


def test_supervisor_cosigns_it_as_a_session_of_its_own(house):
    note_id = house.do(lambda: signed_by_daniel(house, for_cosign=True))
    supervisor = house.actor("supervisor")

    waiting = house.do(lambda: waiting_for_cosignature(actor=supervisor, now=AFTER))
    seen = house.do(lambda: read_note(note_id, actor=supervisor, now=AFTER))
    page = house.do(lambda: timeline_page(house.code, actor=supervisor, now=AFTER))
    house.do(lambda: cosign_note(note_id, proved_at=AFTER, actor=supervisor, now=AFTER))

    assert [one.note_id for one in waiting] == [note_id]
    assert (seen.kind, seen.number, seen.chart.members) == ("individual_a", None, ("A",))
    assert [(one.note.kind, one.note.number) for one in page.items if one.note] == [
        ("individual_a", None),
        ("joint", 1),
    ]
    assert [one.what for one in page.items if one.what == "session"] == []


def test_lead_who_supervises_too_neither_reads_nor_cosigns_it(house):
    note_id = house.do(lambda: signed_by_daniel(house, for_cosign=True))
    both = replace(house.actor("ines"), roles=frozenset({Role.THERAPIST, Role.SUPERVISOR}))

    assert house.do(lambda: waiting_for_cosignature(actor=both, now=AFTER)) == []
    with pytest.raises(NotFound):
        house.do(lambda: read_note(note_id, actor=both, now=AFTER))
    with pytest.raises(NotFound):
        house.do(lambda: cosign_note(note_id, proved_at=AFTER, actor=both, now=AFTER))


def test_break_glass_shows_neither_the_note_nor_the_time(house):
    note_id = house.do(lambda: signed_by_daniel(house))
    ruth = house.actor("ruth")
    house.do(
        lambda: break_glass(
            house.code, "Called from the hospital.", proved_at=AFTER, actor=ruth, now=AFTER
        )
    )

    page = house.do(lambda: timeline_page(house.code, actor=ruth, now=AFTER))

    assert {one.what for one in page.items} == {"note", "rupture", "attempt"}
    assert [one.id for one in page.items if one.note] == [house.joint_note]
    with pytest.raises(NotFound):
        house.do(lambda: read_note(note_id, actor=ruth, now=AFTER))


def test_export_holds_it_as_a_session_with_one_partner_alone(house):
    note_id = house.do(lambda: signed_by_daniel(house))

    record = house.do(
        lambda: read_record(
            session().scalars(sa.select(Couple.id).where(Couple.code == house.code)).one()
        )
    )

    kinds = {one.id: (one.kind, one.held_by) for one in record.notes}
    assert kinds == {
        house.joint_note: ("joint", None),
        note_id: ("individual_a", LeadPart("daniel-reyes", "Daniel Reyes")),
    }
    assert [one.note_id for one in record.attempts] == [house.joint_note]


def test_record_that_was_carried_elsewhere_keeps_it_from_the_lead(house, tmp_path):
    note_id = house.do(lambda: signed_by_daniel(house))
    text = house.do(lambda: exported(house))
    other = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path / 'other.db'}"))
    with other.app_context():
        upgrade()
        import_record(text, now=AFTER)
        rows = session().execute(sa.select(Therapist.slug, Therapist.id)).all()
        clinic_id = session().scalars(sa.select(Couple.clinic_id)).one()
        readers = {
            slug: replace(house.actor("ruth"), clinic_id=clinic_id, therapist_id=id_)
            for slug, id_ in rows
        }
        again = record_text(read_record(session().scalars(sa.select(Couple.id)).one()))
        seen = read_note(note_id, actor=readers["daniel-reyes"], now=AFTER)
        with pytest.raises(NotFound):
            read_note(note_id, actor=readers["ines-duarte"], now=AFTER)
        db.session.remove()

    assert (seen.body.content, again) == (alone(), text)


def exported(house):
    couple = sa.select(Couple.id).where(Couple.code == house.code)
    return record_text(read_record(session().scalars(couple).one()))


def test_flag_raised_in_it_reaches_the_lead_without_the_partners_words(house):
    words = SafetyCheck("flag_raised", AFRAID, 2, "Seen again on Friday.", HELD.date())
    note_id = house.do(lambda: signed_by_daniel(house, alone(safety=words)))

    flag = house.do(lambda: list_safety_flags(house.code, actor=house.actor("ines"), now=AFTER))[0]
    page = house.enter("ines").get(f"/desk/couples/{house.code}")
    seen = house.do(lambda: read_note(note_id, actor=house.actor("daniel"), now=AFTER))

    assert (flag.details.level, flag.details.action) == (2, "Seen again on Friday.")
    assert "Raised in a session with one partner alone" in flag.details.about
    assert AFRAID not in page
    assert seen.body.content.safety == words


@pytest.mark.parametrize("joint_at", [HELD - timedelta(hours=3), HELD + timedelta(hours=1)])
def test_flag_of_a_joint_note_and_one_raised_apart_both_open_whichever_comes_first(house, joint_at):
    apart = SafetyCheck("flag_raised", AFRAID, 2, "Seen again on Friday.", HELD.date())
    joint = SafetyCheck("flag_raised", "Both shouted.", 3, "A call each day.", HELD.date())
    still_open = (RuptureEntry("R-01", status="open"), RuptureEntry("R-02", status="open"))
    standing = still_open if joint_at < HELD else ()  # parked by the first flag, not asked about
    signings = {
        joint_at: lambda: make_signed_note(
            house.couple, a_note(safety=joint, ruptures=standing), at=joint_at
        ),
        HELD: lambda: signed_by_daniel(house, alone(safety=apart)),
    }

    for at in sorted(signings):
        house.do(signings[at])

    late = HELD + timedelta(days=1)
    flags = house.do(lambda: list_safety_flags(house.code, actor=house.actor("ines"), now=late))
    assert sorted((one.details.level, one.details.action) for one in flags) == [
        (2, "Seen again on Friday."),
        (3, "A call each day."),
    ]


def test_joint_session_that_another_held_is_the_couples_and_his_to_write(house):
    at = HELD + timedelta(days=1)
    appointment = house.book(at=at, other_partner=SAM)
    now = at + timedelta(hours=1)
    clock.freeze(now)
    daniel, ines = house.actor("daniel"), house.actor("ines")

    def listed(actor):
        return [one.appointment_id for one in unsigned_notes(actor=actor, now=now)]

    assert house.do(lambda: listed(daniel)) == [house.appointment, appointment]
    assert house.do(lambda: listed(ines)) == []
    page = main(
        house.enter("daniel").get(f"/desk/couples/{house.code}/brief?appointment={appointment}")
    )
    assert ("Alone at the party" in page, "Hidden matter" in page) == (True, False)
    assert "Ten quiet minutes" in page

    note_id = house.do(lambda: open_note(appointment, actor=daniel, now=now))
    screen = house.do(lambda: note_screen(note_id, actor=daniel, now=now))
    assert [one.ref for one in screen.open_ruptures] == ["R-01"]
    assert (screen.note.number, screen.expected) == (2, ("A", "B"))
    content = replace(
        a_note(goals=screen.carried.goals),
        ruptures=tuple(replace(one, status="open") for one in screen.note.body.content.ruptures),
    )

    def sign():
        save_draft(note_id, content=content, revision=1, actor=daniel, now=now)
        sign_note(note_id, revision=2, proved_at=now, actor=daniel, now=now)

    house.do(sign)
    read = house.do(lambda: read_note(note_id, actor=ines, now=now))
    assert (read.number, read.author, read.body.content.goals) == (
        2,
        daniel.name,
        ("Evenings without screens",),
    )


def test_lead_who_sees_one_partner_alone_writes_a_note_of_that_partner(house):
    at = HELD + timedelta(days=1)
    appointment = house.book(at=at, therapist="ines-duarte")
    now = at + timedelta(hours=1)
    clock.freeze(now)
    ines = house.actor("ines")

    note_id = house.do(lambda: open_note(appointment, actor=ines, now=now))
    screen = house.do(lambda: note_screen(note_id, actor=ines, now=now))

    assert (screen.note.kind, screen.note.number) == ("individual_a", None)
    assert screen.note.body.content.attendance == (Attendance("A", "present"),)
    assert (screen.expected, screen.setting.members) == (("A",), ("A",))
    page = house.enter("ines").get(f"/desk/notes/{note_id}")
    assert 'name="attendance.B"' not in page


def test_other_partner_who_came_as_well_makes_it_a_joint_session(house):
    at = HELD + timedelta(days=1)
    house.appointment = house.book(at=at, therapist="ines-duarte")
    now = at + timedelta(hours=1)
    clock.freeze(now)
    ines = house.enter("ines")
    note = ines.open_note(house)

    ines.post(note, revision="1", then="together", **WHOLE)

    page = ines.get(note)
    assert ('name="attendance.B"' in page, "session 2" in page) == (True, True)
    assert WHOLE["plan"] in page
    seen = house.do(
        lambda: note_screen(note.rpartition("/")[2], actor=house.actor("ines"), now=now)
    )
    assert (seen.note.kind, seen.expected) == ("joint", ("A", "B"))
    assert seen.setting.open_ruptures == ("R-01", "R-02")
    assert "The other partner came too" not in page


def test_session_apart_cannot_be_made_the_couples(house):
    daniel = house.enter("daniel")
    note = daniel.open_note(house)

    assert "The other partner came too" not in daniel.get(note)
    daniel.post(note, 409, revision="1", then="together", **WHOLE)
    assert "Session with A alone" in main(daniel.get(note))


def begun_by_the_lead(house, *, typed):
    """A draft as it was made when any note was the lead's to write; its id."""
    ines = house.actor("ines")
    note_id = house.do(
        lambda: open_note(
            house.appointment, actor=replace(house.actor("daniel"), name=ines.name), now=AFTER
        )
    )
    with house.app.app_context():
        with transaction():
            note = session().get_one(SessionNote, note_id)
            note.kind, note.held_by_id, body = "consultation", None, note.body
            content = a_note(plan="For both of them.") if typed else a_note(responses=(), plan="")
            note.revision = 3 if typed else 1
            note.body = replace(body, content=content)
        db.session.remove()
    return note_id


def test_draft_that_the_lead_had_written_in_stays_hers_and_out_of_the_course(house):
    old = begun_by_the_lead(house, typed=True)
    ines, daniel = house.actor("ines"), house.actor("daniel")
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=ines, now=AFTER))
    assert house.do(lambda: unsigned_notes(actor=ines, now=AFTER)) == []

    new = house.do(lambda: open_note(house.appointment, actor=daniel, now=AFTER))

    assert new != old
    fresh = house.do(lambda: read_note(new, actor=daniel, now=AFTER)).body.content
    kept = house.do(lambda: read_note(old, actor=ines, now=AFTER))
    assert (fresh.plan, fresh.attendance) == ("", (Attendance("A", "present"),))
    assert (kept.body.content.plan, kept.number) == ("For both of them.", None)
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=daniel, now=AFTER))


def test_draft_in_which_the_lead_wrote_nothing_becomes_his_who_held_the_session(house):
    old = begun_by_the_lead(house, typed=False)
    daniel = house.actor("daniel")

    new = house.do(lambda: open_note(house.appointment, actor=daniel, now=AFTER))

    seen = house.do(lambda: read_note(new, actor=daniel, now=AFTER))
    assert (new, seen.author, seen.kind) == (old, daniel.name, "individual_a")
    assert seen.body.content.attendance == (Attendance("A", "present"),)


def test_appointment_that_is_handed_to_the_lead_takes_no_word_with_it(house):
    ines, daniel = house.actor("ines"), house.actor("daniel")

    def begin():
        note_id = open_note(house.appointment, actor=daniel, now=AFTER)
        save_draft(note_id, content=alone(), revision=1, actor=daniel, now=AFTER)
        desk = replace(house.actor("desk"), is_system=True)
        hand_over(house.appointment, therapist_id=ines.therapist_id, actor=desk, now=AFTER)
        return note_id

    old = house.do(begin)
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=ines, now=AFTER))

    new = house.do(lambda: open_note(house.appointment, actor=ines, now=AFTER))

    assert house.do(lambda: read_note(new, actor=ines, now=AFTER)).body.content.plan == ""
    assert house.do(lambda: read_note(old, actor=daniel, now=AFTER)).body.content == alone()
    with pytest.raises(NotFound):
        house.do(lambda: read_note(old, actor=ines, now=AFTER))
    assert [one.note_id for one in house.do(lambda: unsigned_notes(actor=daniel, now=AFTER))] == [
        old
    ]


def signed_by_the_lead(house):
    """A note that the lead signed of Daniel's session, as could be done; its id."""
    as_it_was = replace(house.actor("daniel"), name=house.actor("ines").name)
    return house.do(lambda: signed_by(house, as_it_was, a_note()))


def test_note_that_the_lead_signed_before_stays_open_to_her_and_counts_no_more(house):
    note_id = signed_by_the_lead(house)
    ines, daniel = house.actor("ines"), house.actor("daniel")

    for actor in (ines, daniel):
        seen = house.do(lambda actor=actor: read_note(note_id, actor=actor, now=AFTER))
        assert (seen.body.content, seen.kind, seen.number) == (a_note(), "individual_a", None)
    sessions = house.do(lambda: couple_overview(house.code, actor=ines, now=AFTER).sessions)
    assert [one.note_id for one in sessions] == [house.joint_note]
