"""The pages of the couple's cycle: drawn in versions, seen, compared, shown to one partner."""

from __future__ import annotations

import re

import pytest

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id
from clinic.foundation.permissions.actors import Role
from clinic.notes.between_sessions.service import draw_cycle
from clinic.notes.pages.overview import cycle_versions
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart
from tests.support.factories import make_signed_note
from tests.support.notes.record_client import AT, open_desk

FIRST = CycleDetails(
    "A call without an answer",
    "pursue_withdraw",
    (
        CyclePart("A", "Asks again", "I come last", "Anger", "Fear", "A sign", "pursuer"),
        CyclePart("B", "Works late", "I fail", "Irritation", "Shame", "To be enough", "withdrawer"),
    ),
)
FIELDS = ("position", "move", "perception", "secondary_emotion", "primary_emotion", "need")


def path(desk, rest=""):
    return f"/desk/couples/{desk.couple.code}/cycle{rest}"


def draw(desk, details=FIRST):
    code, actor = desk.couple.code, desk.couple.lead
    return desk.make(lambda: draw_cycle(code, details, actor=actor, now=clock.now()))


def versions(desk):
    code, actor = desk.couple.code, desk.couple.lead
    return desk.make(lambda: cycle_versions(code, actor=actor, now=clock.now()))


def sent(base="0", **changes):
    return {"key": new_id(), "base": base, "trigger": "Silence", "pattern": "mixed"} | changes


def test_first_version_is_drawn_and_seen(desk):
    assert "No cycle is drawn yet" in desk.get(path(desk))

    desk.post(path(desk, "/new"), sent(**{"A-move": "Leaves", "A-position": "withdrawer"}))

    part = CyclePart("A", "Leaves", position="withdrawer")
    assert [one.details for one in versions(desk)] == [CycleDetails("Silence", "mixed", (part,))]
    page = desk.get(path(desk))
    for text in ("Silence", "Leaves", "Withdrawer", "Not told here.", "<table>"):
        assert text in page


def test_new_version_begins_with_the_latest(desk):
    draw(desk)

    page = desk.get(path(desk, "/new"))

    for part in FIRST.parts:
        for name in FIELDS[1:]:
            field = re.search(rf'<input[^>]*name="{part.partner}-{name}"[^>]*>', page)[0]
            assert f'value="{getattr(part, name)}"' in field
    assert re.search(r'name="base"[^>]*value="1"', page)


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"trigger": "", "pattern": ""}, "trigger", "Write at least one part"),
        ({"trigger": "x" * 301}, "trigger", "At most 300 characters."),
        ({"pattern": "round"}, "pattern", "Choose one from the list."),
        ({"B-need": "x" * 301}, "B-need", "At most 300 characters."),
        ({"B-move": "Goes", "B-position": "above"}, "B-position", "Choose one from the list."),
    ],
)
def test_version_that_is_wrong_comes_back_whole_with_the_sentence_at_its_field(
    desk, changes, place, said
):
    values = sent(**changes)
    page = desk.post(path(desk, "/new"), values, status=422).text

    told = re.search(rf'id="{place}-error">(.*?)</div>', page, re.DOTALL)
    assert said in told[1]
    assert f'value="{values["trigger"]}"' in page
    assert versions(desk) == []


def test_double_click_draws_one_version(desk):
    values = sent()
    for _press in range(2):
        desk.post(path(desk, "/new"), values)

    assert [one.number for one in versions(desk)] == [1]


@pytest.mark.parametrize("base", ["0", "x", "", "9" * 30])
def test_version_drawn_on_an_older_one_is_held_back_once_with_its_text(desk, base):
    draw(desk)

    page = desk.post(path(desk, "/new"), sent(base), status=422).text

    assert "A newer version was drawn in the meantime." in page
    assert 'value="Silence"' in page
    key = re.search(r'name="key"[^>]*value="([0-9a-f]{32})"', page)[1]
    desk.post(path(desk, "/new"), sent("1", key=key))
    assert [one.number for one in versions(desk)] == [2, 1]


def test_two_versions_are_compared_field_by_field(desk):
    draw(desk)
    draw(desk, CycleDetails("A call with no answer", "mixed", FIRST.parts[:1]))

    page = desk.get(path(desk, "/compare"))

    assert "8 fields differ" in page
    assert re.search(r"Pursue and withdraw → ", page)
    assert re.search(r"<del>.*?without", page, re.DOTALL)
    assert "0 fields differ" in desk.get(path(desk, "/compare?first=2&second=2"))
    desk.get(path(desk, "/compare?first=3"), status=404)
    assert "This is an earlier version." in desk.get(path(desk, "?version=1"))
    desk.get(path(desk, "?version=3"), status=404)


def test_nothing_to_compare_is_not_found(desk):
    desk.get(path(desk, "/compare"), status=404)


def test_partner_sees_the_trigger_the_pattern_and_their_own_part(desk):
    draw(desk)

    page = desk.get(path(desk, "?for=partner&viewer=A"))

    main = page[page.index("<figure") : page.index("</main>")]
    assert "A call without an answer" in main
    assert "I come last" in main
    for theirs in ("Works late", "I fail", "Irritation", "Shame", "To be enough", "Withdrawer"):
        assert theirs not in main


def test_ledger_shows_the_latest_cycle_and_keeps_the_other_part_from_a_partner(desk):
    desk.make(lambda: make_signed_note(desk.couple, at=AT))
    draw(desk)
    ledger = f"/desk/couples/{desk.couple.code}/ledger"

    assert "Works late" in desk.get(ledger)
    for viewer, shown in (("A", False), ("B", True)):
        page = desk.get(f"{ledger}?for=partner&viewer={viewer}")
        assert ("Works late" in page) is shown


def test_supervisor_sees_it_and_draws_nothing(app):
    desk = open_desk(app, roles=[Role.SUPERVISOR], therapist_id=None)
    draw(desk)

    page = desk.get(path(desk))

    assert "Works late" in page
    assert "/cycle/new" not in page
    desk.get(path(desk, "/new"), status=403)
    desk.post(path(desk, "/new"), sent("1"), status=403)


@pytest.mark.parametrize(("role", "status"), [(Role.THERAPIST, 404), (Role.FRONT_DESK, 403)])
def test_nobody_else_learns_of_it(app, role, status):
    desk = open_desk(app, roles=[role], therapist_id=None)
    draw(desk)

    for rest in ("", "/compare", "/new"):
        desk.get(path(desk, rest), status=status)
