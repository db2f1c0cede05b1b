"""One partner books alone with another therapist: whose session, whose note, who learns of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.extensions import db
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.permissions.actors import Role
from clinic.notes.rules.note_content import (
    Rating,
)
from clinic.notes.session_notes.queries import note_screen, read_note
from clinic.notes.session_notes.service import open_note, save_draft
from clinic.notes.session_notes.unsigned import unsigned_notes
from clinic.notes.signing.signing import sign_note
from tests.support.factories import PASSWORD, a_note
from tests.support.notes.separate_session import (
    AFRAID,
    AFTER,
    HELD,
    SAM,
    WHOLE,
    alone,
    main,
    signed_by_daniel,
)

SECRETS = (AFRAID, WHOLE["plan"], WHOLE["responses.A"], "Wept.")
"""What nobody but Daniel (and, once it is signed, a supervisor) may read."""


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


def test_note_apart_keeps_all_that_was_written_in_it(house):
    told = alone(ratings=(Rating("A", "end", 1, 9, 1),), free_text="What he did.")
    note_id = house.do(lambda: signed_by_daniel(house, told))

    seen = house.do(lambda: read_note(note_id, actor=house.actor("daniel"), now=AFTER))

    assert (seen.body.content, seen.kind, seen.number) == (told, "individual_a", None)


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
