"""The pages of what is told between sessions: each refusal at its field, nothing lost, once each."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.permissions.actors import Role
from clinic.notes.between_sessions.service import add_attempt, add_ratings
from clinic.notes.pages.overview import couple_overview
from clinic.notes.record.rupture_models import PartnerRating, RepairAttempt
from clinic.notes.rules.clinical_values import AttemptDetails, RatingDetails
from clinic.notes.rules.note_content import Rating
from tests.support.factories import a_note, make_signed_note
from tests.support.notes.record_client import AT, open_desk

KEY = re.compile(r'name="attempt-key"[^>]*value="([0-9a-f]{32})"')


def home(desk):
    return f"/desk/couples/{desk.couple.code}/at-home"


def today(desk):
    return clock.now().date().isoformat()


def attempt(desk, **changes):
    values = {
        "key": new_id(),
        "happened_on": today(desk),
        "by": "B",
        "acts": ["appreciation", "i_statement"],
        "receipt": "partly",
        "felt_safety_before": "3",
        "felt_safety_after": "",
        "note": "Over breakfast.",
    }
    return {f"attempt-{name}": value for name, value in (values | changes).items()}


def ratings(**changes):
    values = {"key": new_id(), "partner": "A", "source": "self", "felt_safety": "7"}
    return {f"rating-{name}": value for name, value in (values | changes).items()}


def count(desk, table):
    return desk.make(lambda: session().scalar(sa.select(sa.func.count()).select_from(table)))


def overview(desk):
    return desk.make(
        lambda: couple_overview(desk.couple.code, actor=desk.couple.lead, now=clock.now())
    )


def tried(desk, **changes):
    values = {"by": "B", "acts": ("appreciation",), "receipt": "partly"} | changes
    return desk.make(
        lambda: add_attempt(
            desk.couple.code,
            AttemptDetails(**values),
            happened_on=AT.date(),
            actor=desk.couple.lead,
            now=clock.now(),
        )
    )


def test_attempt_is_written_down_and_stands_in_the_list(desk):
    answer = desk.post(home(desk) + "/attempts", attempt(desk))

    [seen] = overview(desk).attempts
    assert answer.location == home(desk)
    assert seen.details == AttemptDetails(
        "B", ("appreciation", "i_statement"), "partly", None, False, 3, None, "Over breakfast."
    )
    assert "Over breakfast." in desk.get(home(desk))


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"happened_on": "2999-01-01"}, "happened_on", "This day has not come yet."),
        ({"happened_on": "0202-11-20"}, "happened_on", "before the couple began"),
        ({"happened_on": "yesterday"}, "happened_on", "choose a date that exists"),
        ({"happened_on": ""}, "happened_on", "Give the day."),
        ({"by": ""}, "by", "Choose one from the list."),
        ({"acts": []}, "acts", "Choose one to four acts."),
        ({"acts": ["nonsense"]}, "acts", "Choose one from the list."),
        ({"acts": ["other"], "note": ""}, "note", "Say in words"),
        ({"receipt": ""}, "receipt", "Choose one from the list."),
        ({"rupture": "R-77"}, "rupture", "no such rupture"),
        ({"felt_safety_after": "11"}, "felt_safety_after", "Ratings go from 0 to 10"),
        ({"felt_safety_after": "lots"}, "felt_safety_after", "whole number"),
    ],
)
def test_attempt_that_is_wrong_comes_back_whole_with_the_sentence_at_its_field(
    desk, changes, place, said
):
    page = desk.post(home(desk) + "/attempts", attempt(desk, **changes), status=422).text

    told = re.search(rf'id="attempt-{place}-error">(.*?)</div>', page, re.DOTALL)
    assert said in told[1]
    assert f'href="#attempt-{place}"' in page
    assert f'id="attempt-{place}"' in page
    assert changes.get("note") == "" or "Over breakfast." in page
    for typed in ("2999-01-01", "yesterday", "lots", "11"):
        assert typed not in changes.values() or f'value="{typed}"' in page
    assert count(desk, RepairAttempt) == 0


def test_double_click_keeps_one_attempt_and_another_text_is_asked_about(desk):
    sent = attempt(desk)
    for _press in range(2):
        desk.post(home(desk) + "/attempts", sent)
    assert count(desk, RepairAttempt) == 1

    other = sent | {"attempt-receipt": "received"}
    page = desk.post(home(desk) + "/attempts", other, status=422).text

    assert "What you sent first is kept." in page
    assert "Over breakfast." in page
    again = other | {"attempt-key": KEY.search(page)[1]}
    desk.post(home(desk) + "/attempts", again)
    assert count(desk, RepairAttempt) == 2


def test_ratings_at_home_keep_a_blank_apart_from_nought(desk):
    desk.post(home(desk) + "/ratings", ratings(felt_safety="0", told_on=today(desk)))

    [seen] = overview(desk).ratings
    assert seen.details == RatingDetails("A", "home", 0, None, None, "self")
    page = desk.get(home(desk))
    assert re.search(r"felt safety <b>0</b>", page)
    assert re.search(r"defensiveness <b>—</b>", page)


def test_ratings_told_by_telephone_stand_in_their_session(desk):
    note = desk.make(lambda: make_signed_note(desk.couple, at=AT))

    desk.post(home(desk) + "/ratings", ratings(session=note, point="end"))

    [seen] = overview(desk).ratings
    assert (seen.session_number, seen.details.point) == (1, "end")


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"partner": ""}, "partner", "Choose one from the list."),
        ({"felt_safety": ""}, "felt_safety", "Give at least one of the three."),
        ({"felt_safety": "11"}, "felt_safety", "Ratings go from 0 to 10"),
        ({"regulation": "-1"}, "regulation", "Ratings go from 0 to 10"),
        ({"told_on": ""}, "told_on", "Give the day."),
        ({"told_on": "2999-01-01"}, "told_on", "This day has not come yet."),
        ({"session": "0" * 32, "point": "end"}, "session", "Choose one from the list."),
        ({"session": "signed"}, "point", "Choose one from the list."),
        ({"session": "draft", "point": "end"}, "session", "not signed yet"),
    ],
)
def test_ratings_that_are_wrong_come_back_whole_with_the_sentence_at_their_field(
    desk, changes, place, said
):
    if changes.get("session") == "signed":
        changes |= {"session": desk.make(lambda: make_signed_note(desk.couple, at=AT))}
    if changes.get("session") == "draft":
        changes |= {"session": desk.draft()}
    values = ratings(**({"told_on": today(desk), "defensiveness": "4"} | changes))
    if place == "felt_safety" and not changes["felt_safety"]:
        values["rating-defensiveness"] = ""
    page = desk.post(home(desk) + "/ratings", values, status=422).text

    told = re.search(rf'id="rating-{place}-error">(.*?)</div>', page, re.DOTALL)
    assert said in told[1]
    assert 'value="4"' in page or not values["rating-defensiveness"]
    assert count(desk, PartnerRating) == 0


def test_entry_is_marked_in_error_with_a_reason_and_stays_readable(desk):
    entry = tried(desk, note="The wrong evening.")
    path = f"/desk/couples/{desk.couple.code}/told/attempt/{entry}"
    assert path in desk.get(f"/desk/couples/{desk.couple.code}")
    assert path in desk.get(home(desk))

    refused = desk.post(path + "/in-error", {"reason": " "}, status=422).text
    desk.post(path + "/in-error", {"reason": "It was Ana who tried."})

    assert "Say in a few words what is wrong." in refused
    page = desk.get(path)
    assert "The wrong evening." in page
    assert "It was Ana who tried." in page
    assert "/in-error" not in page
    assert overview(desk).attempts == ()
    assert path not in desk.get(f"/desk/couples/{desk.couple.code}")
    assert "It was Ana who tried." in desk.get(home(desk))


def test_marking_twice_for_another_reason_is_told_and_changes_nothing(desk):
    entry = tried(desk)
    path = f"/desk/couples/{desk.couple.code}/told/attempt/{entry}"
    desk.post(path + "/in-error", {"reason": "Wrong day."})

    desk.post(path + "/in-error", {"reason": "Wrong day."})
    desk.post(path + "/in-error", {"reason": "Wrong act."}, status=422)

    page = desk.get(path)
    assert ("Wrong day." in page, "Wrong act." in page) == (True, False)


def test_rupture_page_leads_to_an_attempt_for_it(desk):
    ref = desk.rupture()

    page = desk.get(f"/desk/couples/{desk.couple.code}/ruptures/{ref}")
    assert f"/at-home?rupture={ref}" in page

    form = desk.get(f"{home(desk)}?rupture={ref}")
    assert re.search(rf'<option selected value="{ref}">', form)
    assert "selected value=" not in desk.get(f"{home(desk)}?rupture=R-99").replace(
        '<option selected value="">', ""
    )


def test_supervisor_reads_and_finds_no_form(app):
    desk = open_desk(app, roles=[Role.SUPERVISOR], therapist_id=None)
    entry = tried(desk, note="Over breakfast.")
    path = f"/desk/couples/{desk.couple.code}/told/attempt/{entry}"

    page = desk.get(home(desk))

    assert "Over breakfast." in page
    assert "attempt-happened_on" not in page
    assert "in-error" not in desk.get(path)
    desk.post(home(desk) + "/attempts", attempt(desk), status=403)
    desk.post(home(desk) + "/ratings", ratings(told_on=today(desk)), status=403)
    desk.post(path + "/in-error", {"reason": "Wrong."}, status=403)


@pytest.mark.parametrize(("role", "status"), [(Role.THERAPIST, 404), (Role.FRONT_DESK, 403)])
def test_nobody_else_learns_of_it(app, role, status):
    desk = open_desk(app, roles=[role], therapist_id=None)
    entry = tried(desk)

    desk.get(home(desk), status=status)
    desk.get(f"/desk/couples/{desk.couple.code}/told/attempt/{entry}", status=status)


@pytest.mark.parametrize("path", ["rating/{}", "note/{}", "attempt/x", "attempt/../{}"])
def test_what_is_not_there_is_not_found(desk, path):
    entry = tried(desk)

    desk.get(f"/desk/couples/{desk.couple.code}/told/{path.format(entry)}", status=404)


def test_long_list_is_cut_and_shown_whole_when_asked(desk):
    def many():
        for days in range(45):
            add_ratings(
                desk.couple.code,
                RatingDetails("A", "home", 5),
                told_on=AT.date() - timedelta(days=days),
                actor=desk.couple.lead,
                now=clock.now(),
            )

    desk.make(many)

    assert desk.get(home(desk)).count("course-item") == 40
    assert "5 earlier ones" in desk.get(home(desk))
    assert desk.get(home(desk) + "?all=1").count("course-item") == 45


def test_title_names_nobody_and_nothing_of_it(desk):
    entry = tried(desk)
    for path in (home(desk), f"/desk/couples/{desk.couple.code}/told/attempt/{entry}"):
        title = re.search(r"<title>(.*?)</title>", desk.get(path), re.DOTALL)[1]
        assert not re.search("Alex|Sam|couple|apprec", title, re.IGNORECASE)


def test_brief_shows_what_was_told_since_the_last_session(desk):
    desk.make(lambda: make_signed_note(desk.couple, at=AT - timedelta(days=7)))
    tried(desk, note="Over breakfast.")
    brief = f"/desk/couples/{desk.couple.code}/brief"
    assert "Over breakfast." in desk.get(brief)

    desk.make(lambda: make_signed_note(desk.couple, at=AT + timedelta(hours=3)))

    assert "Over breakfast." not in desk.get(brief)


def test_signed_note_says_what_of_it_was_entered_in_error(desk):
    rated = a_note(ratings=(Rating("A", "end", 5, 8, 5),))
    note = desk.make(lambda: make_signed_note(desk.couple, rated, at=AT))
    [rating] = overview(desk).ratings
    assert "entered in error" not in desk.get(f"/desk/notes/{note}")

    path = f"/desk/couples/{desk.couple.code}/told/rating/{rating.id}"
    desk.post(path + "/in-error", {"reason": "It was Sam who said so."})

    page = desk.get(f"/desk/notes/{note}")
    assert "It was Sam who said so." in page
    assert path in page
