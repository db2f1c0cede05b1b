from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.practice.models import SessionType, Therapist
from clinic.practice.rules.vocabulary import load_vocabulary
from tests.support.booking.booking_client import dump, heading, post, words
from tests.support.factories import make_clinic, make_practice, make_session_type, make_therapist
from tests.support.query_counting import count_queries
from tests.support.web.compact_html import compact

CODES = [term.code for term in load_vocabulary("need").terms if term.active and not term.needs_text]


def said(client, **answers):
    """The page of therapists after these answers."""
    sent = post(client, "/book", **answers)
    assert (sent.status_code, sent.location) == (303, "/book/therapists")
    return client.get("/book/therapists")


def cards(response):
    """Name -> what the card says, in the order shown."""
    found = re.findall(r'<article class="card therapist">(.*?)</article>', response.text, re.DOTALL)
    plain = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "|", one)) for one in found]
    return {
        re.search(r'translate="no">([^<]+)<', one)[1]: [
            part.strip() for part in text.split("|") if part.strip()
        ]
        for one, text in zip(found, plain, strict=True)
    }


def others(response):
    """Name -> why not."""
    rows = re.findall(
        r'<li><strong translate="no">([^<]+)</strong><br><span class="soft">([^<]+)</span>(.*?)</li>',
        compact(response.text),
        re.DOTALL,
    )
    return {name: (why, "href" in rest) for name, why, rest in rows}


def test_nothing_needs_to_be_answered(client, demo):
    page = said(client)

    assert (page.status_code, heading(page)) == (200, "3 therapists fit what you said")
    assert list(cards(page)) == ["Inês Duarte", "Daniel Reyes", "Marta Vale"]


def test_therapists_can_be_seen_without_the_first_step(client, demo):
    assert list(cards(client.get("/book/therapists"))) == [
        "Inês Duarte",
        "Daniel Reyes",
        "Marta Vale",
    ]


def test_each_card_gives_reasons_one_gap_and_the_next_times(client, demo):
    page = said(client, needs=[CODES[0]], language="en", format="online")

    ines = cards(page)["Inês Duarte"]
    assert f"Works with this: {_label(CODES[0])}" in ines
    assert "Sessions in English" in ines
    assert "Online, by video, as you chose" in ines
    assert any(part.startswith("First free time: ") for part in ines)
    assert ines.count("Good to know:") == 1
    times = re.findall(r'name="start" value="([^"]+)\|ines-duarte"', page.text)
    assert len(times) == 3
    assert times == sorted(times)


def _label(code):
    return next(term.label_en for term in load_vocabulary("need").terms if term.code == code)


def test_who_does_not_fit_is_named_with_the_reason(client, demo):
    page = said(client, language="pt", format="in_person")

    assert list(cards(page)) == ["Inês Duarte", "Marta Vale"]
    assert others(page) == {"Daniel Reyes": ("Does not work in the language you chose", True)}


def test_who_fits_in_language_but_not_in_form_is_told_so(client, demo):
    page = said(client, language="en", format="in_person")

    assert list(cards(page)) == ["Inês Duarte"]
    assert others(page) == {
        "Daniel Reyes": ("Does not work in the form you chose", True),
        "Marta Vale": ("Does not work in the language you chose", True),
    }


def test_need_that_is_somebodys_field_puts_them_first(client, demo, app):
    with app.app_context():
        marta = session().scalars(select(Therapist).where(Therapist.slug == "marta-vale")).one()
        others_fields = {
            code
            for one in session().scalars(select(Therapist).where(Therapist.slug != "marta-vale"))
            for code in one.concerns
        }
        only_hers = next(code for code in marta.concerns if code not in others_fields)

    page = said(client, needs=[only_hers], language="pt")

    assert next(iter(cards(page))) == "Marta Vale"


def test_nobody_fits_is_said_with_each_reason(app, client):
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic)
        make_therapist(clinic, session_types=[kind], languages=["en"])
        make_therapist(clinic, session_types=[kind], slug="b", name="B", accepts_new_couples=False)
        make_therapist(clinic, slug="c", name="C")

    page = said(client, language="pt")

    assert (page.status_code, heading(page)) == (200, "Nobody fits all of it just now")
    assert others(page) == {
        "Inês Duarte": ("Does not work in the language you chose", True),
        "B": ("Takes nobody new just now", False),
        "C": ("Does not offer this kind of appointment", False),
    }


def test_links_to_times_of_the_others_all_lead_somewhere(app, client):
    with app.app_context():
        clinic = make_clinic()
        kind = make_session_type(clinic)
        make_therapist(clinic, session_types=[kind])
        make_therapist(clinic, slug="c", name="C")

    page = client.get("/book/therapists")

    links = re.findall(r'href="(/book/times[^"]*)"', page.text)
    assert [client.get(link.replace("&amp;", "&")).status_code for link in links] == [200, 200]


def test_more_than_three_needs_are_asked_again_with_the_choices_kept(client, demo):
    page = post(client, "/book", needs=CODES[:4], couple="two", language="pt")

    assert page.status_code == 422
    assert "Please choose up to three." in words(page)
    checked = re.findall(
        r'<input[^>]*value="([^"]+)"[^>]*checked|<input[^>]*checked[^>]*value="([^"]+)"', page.text
    )
    assert sorted(one or two for one, two in checked) == sorted([*CODES[:4], "two", "pt"])


@pytest.mark.parametrize("name", ["needs", "session_type", "couple", "language", "format"])
@pytest.mark.parametrize("value", ["x", "\x00", "x" * 10_000])
def test_answer_that_is_not_on_the_list_is_asked_again(client, demo, name, value):
    assert post(client, "/book", **{name: value}).status_code == 422


def test_answers_are_kept_when_going_back(client, demo):
    said(client, needs=[CODES[1]], couple="one", format="online")

    page = client.get("/book").text

    checked = [one for one in re.findall(r"<input[^>]*>", page) if "checked" in one]
    assert sorted(re.search(r'value="([^"]+)"', one)[1] for one in checked) == sorted(
        [CODES[1], "one", "online"]
    )


def test_type_chosen_is_the_one_shown(client, demo):
    page = said(client, session_type="short-call")

    assert set(re.findall(r'name="session_type" value="([^"]+)"', page.text)) == {"short-call"}


def test_type_for_couples_we_know_cannot_be_asked_for(client, demo):
    assert post(client, "/book", session_type="joint-session").status_code == 422


def test_type_that_was_taken_away_meanwhile_gives_way(app, client, demo):
    said(client, session_type="short-call")
    with app.app_context(), transaction() as current:
        kind = current.scalars(select(SessionType).where(SessionType.slug == "short-call")).one()
        kind.active = False

    page = client.get("/book/therapists")

    assert page.status_code == 200
    assert set(re.findall(r'name="session_type" value="([^"]+)"', page.text)) == {
        "initial-consultation"
    }


@pytest.mark.parametrize("with_type", [False, True])
def test_clinic_with_nothing_to_book_says_so(app, client, with_type):
    with app.app_context():
        clinic = make_clinic()
        if with_type:
            make_session_type(clinic)

    assert client.get("/book").status_code == 200
    page = client.get("/book/therapists")

    assert page.status_code == 404
    assert "Nothing can be booked here just now. Please call or write to us." in words(page)


def test_asking_who_fits_writes_nothing(app, client, demo):
    before = dump(app)

    said(client, needs=CODES[:3], couple="two", language="pt", format="online")

    assert dump(app) == before


def test_times_are_on_the_readers_clocks(client, demo):
    client.get("/book/times?time_zone=Asia/Kathmandu")

    page = client.get("/book/therapists")

    first = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert f"{first:%Y-%m-%dT%H:%M:%SZ}|ines-duarte" in page.text
    assert 'datetime="2026-11-24T14:45+05:45"' in page.text


def test_the_page_costs_the_same_for_one_therapist_and_for_many(app, client):
    with app.app_context():
        practice = make_practice()
        db.session.remove()

    def cost():
        with app.app_context(), count_queries() as seen:
            client.get("/book/therapists")
        return len(seen)

    cost()
    one = cost()
    with app.app_context():
        kind = session().get_one(SessionType, practice.session_type.id)
        for number in range(6):
            make_therapist(practice.clinic, slug=f"t-{number}", session_types=[kind])

    assert cost() == one
