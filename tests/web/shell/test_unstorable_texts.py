"""Every text of every form with characters that cannot be kept: 422, said, shown, nothing written.

The forms are those of the pages themselves, found by the map of addresses, as the roles see them.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle

import pytest
import sqlalchemy as sa

from clinic.extensions import db
from clinic.foundation.database.transactions import Base
from clinic.foundation.texts.characters import CANNOT_BE_KEPT, REPLACEMENT
from tests.support.accounts.sign_in import csrf_token, signed_in
from tests.support.booking.booking_client import choose
from tests.support.web.page_forms import Field, PageForm, endpoint_of, forms_of
from tests.web.test_routes_as_each_role import make_world

TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
BAD = ("\x00", "\x0b", "\x1b", "\x7f", "\x85")
SAID = "This text holds an invisible character that cannot be stored."
WRITES_OF_READING = {"audit_entry", "audit_head", "staff_session", "sign_in_attempts"}
MENDING = "Send it again"
PUBLIC_PAGES = ("/book", "/login", "/login/forgotten")
LINK_PAGES = ("/a/{token}/cancel", "/a/{token}/calendar")
NOT_SHOWN_HERE = {
    "addenda.add": ("text", "reason"),
    "addenda.cosign": ("comment",),
    "exercises.add": ("question", "reflection_a", "reflection_b", "rows.0.A"),
    "ruptures.merge": ("text", "target"),
    "session_notes.autosave": ("plan", "late_reason", "goals"),
}
"""Forms that the record at hand does not call for, by their texts."""
SAID_ON_A_PAGE_OF_ITS_OWN = {
    ("ruptures.change", "text"),
    ("ruptures.reverse", "text"),
    ("ruptures.split", "text"),
    ("ruptures.split", "title"),
}
"""Texts that no form's own page says to be refused; every other one is said at its field."""
HIDDEN = {"event", "ignored"}
WITHOUT_TEXTS = {
    "accounts.end_others", "accounts.end_session", "accounts.set_password", "booking.hold",
    "booking.release", "booking.times", "deliveries.again", "desk_appointments.confirm",
    "desk_appointments.move", "desk_feeds.revoke", "instruments.add", "instruments.retire",
    "integrations.change", "integrations.done", "integrations.lift", "integrations.replay",
    "integrations.send_again", "integrations.unsubscribe", "links.move", "matching.needs",
    "partner_feeds.end", "practice.edit_session_type", "practice.remove_closure",
    "practice.remove_day", "practice.remove_time_off", "security.logout",
    "session_notes.merge_texts", "session_notes.recall", "staff_accounts.disable",
    "staff_accounts.enable", "staff_accounts.end_sessions", "staff_accounts.send_link",
    "staff_accounts.set_roles", "vocabularies.edit_term", "vocabularies.retire",
    "vocabularies.offer_again",
}  # fmt: skip
"""Views whose forms hold no text, or the same texts as another form here."""
NO_TEXTS = {
    "username",
    "therapist",
    "revision",
    "visibility",
    "week-version",
    "day-version",
    "id",
    "note",
}
"""Hidden values that are refused as such before anybody asks what characters they hold."""


def find_forms(app) -> dict[tuple[str, tuple[str, ...]], PageForm]:
    """One form of each kind: posted to one view, with the same texts."""
    world = make_world(app)
    pages = {
        (rule.endpoint, world.address(rule.rule, rule.endpoint))
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.rule.startswith("/desk")
    }
    browsers = {
        "ines": signed_in(app, email="ines@example.org"),
        "admin": signed_in(app, email="admin@example.org"),
        "supervisor": signed_in(app, email="supervisor@example.org"),
    }
    for browser, asked in [
        *((name, sorted(path for _endpoint, path in pages)) for name in browsers),
        ("visitor", [*PUBLIC_PAGES, *(one.format(**world.values) for one in LINK_PAGES)]),
    ]:
        browsers.setdefault(browser, app.test_client())
        for path in asked:
            yield from _forms(app, browsers[browser], path)
    for endpoint, names in NOT_SHOWN_HERE.items():
        rule = next(one for one in app.url_map.iter_rules() if one.endpoint == endpoint)
        fields = tuple(Field(name, "", "hidden") for name in ("csrf_token", *names))
        form = PageForm("", world.address(rule.rule, endpoint), fields, "ines")
        token = csrf_token(browsers["ines"], "/desk/account")
        yield (
            endpoint,
            replace(form, fields=(Field("csrf_token", token, ""), *fields[1:])),
            browsers["ines"],
        )
    visitor = app.test_client()
    choose(visitor, TEN)
    yield from _forms(app, visitor, "/book/details")


def _forms(app, browser, path):
    answer = browser.get(path)
    if answer.status_code == 200 and "html" in answer.content_type:
        for form in forms_of(answer.text, page=path, role=""):
            yield endpoint_of(app, form.action), form, browser


def dump(app):
    """A digest of every row, but for the tables that are written when somebody reads."""
    with app.app_context():
        rows = [
            f"{table.name}:{sorted(map(repr, map(tuple, db.session.execute(sa.select(table)))))}"
            for table in Base.metadata.sorted_tables
            if table.name not in WRITES_OF_READING
        ]
        db.session.remove()
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


@pytest.fixture
def forms(app):
    found = {}
    for endpoint, form, browser in find_forms(app):
        if form.texts:
            found.setdefault((endpoint, tuple(form.texts)), (form, browser))
    return found


def post(browser, form, *, headers=None, **texts):
    data = {}
    for name, value in form.sent(**texts):
        data.setdefault(name, []).append(value)
    return browser.post(form.action, data=data, headers=headers)


def test_every_text_of_every_form_is_refused_at_its_field_and_nothing_is_written(app, forms):
    before, bad, wrong, tried = dump(app), cycle(BAD), [], set()
    elsewhere = set()

    for (endpoint, texts), (form, browser) in forms.items():
        seen = {one.name for one in form.fields if one.kind != "hidden"}
        for name in texts:
            typed = f"words {next(bad)}here"
            answer = post(browser, form, **{name: typed})
            said = html.unescape(answer.text)
            tried.add(endpoint)
            if name in NO_TEXTS or endpoint in NOT_SHOWN_HERE:
                wrong += [(endpoint, name)] if answer.status_code not in {404, 422} else []
            elif (
                answer.status_code != 422
                or SAID not in said
                or (name in seen and REPLACEMENT not in said)
            ):
                wrong.append((endpoint, name, answer.status_code))
            elif MENDING in said and name not in HIDDEN:
                elsewhere.add((endpoint, name))

    assert wrong == []
    assert elsewhere == SAID_ON_A_PAGE_OF_ITS_OWN
    assert dump(app) == before
    posted_to = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and not rule.rule.startswith(("/api/", "/webhooks/"))
    }
    assert posted_to - tried == WITHOUT_TEXTS


def test_page_on_which_texts_are_mended_sends_them_where_they_went(app, forms):
    (form, browser) = next(
        found for (endpoint, _texts), found in forms.items() if endpoint == "ruptures.split"
    )
    sent = {"title": "Left\x00alone", "types": "secrecy", "significance": "2", "text": "A part"}

    answer = post(browser, form, headers={"Referer": f"http://localhost{form.page}"}, **sent)
    mending = next(one for one in forms_of(answer.text, page="", role="") if one.texts)

    assert answer.status_code == 422
    assert mending.action == form.action
    assert re.findall(r'<label for="text-1">([^<]+)<', answer.text) == [
        "What broke, in a few words"
    ]
    assert f'href="{form.page}">Go back without sending it' in answer.text
    told = {one.name: one.value.strip() for one in mending.fields if one.name != "csrf_token"}
    assert told == sent | {"title": "Left�alone"}
    again = post(browser, mending, title="Left alone")
    assert again.status_code == 302


@pytest.mark.parametrize("text", ["a\x00b", "tab\x0b"])
def test_autosave_is_told_in_words(app, forms, text):
    form, browser = next(
        found for (name, _), found in forms.items() if name == "session_notes.save"
    )
    data = dict(form.sent(plan=text))

    answer = browser.post(
        f"{form.action}/autosave", data=data, headers={"Accept": "application/json"}
    )

    assert answer.status_code == 422
    assert (SAID in answer.json["detail"], list(answer.json["errors"])) == (True, ["plan"])


def test_password_is_taken_as_it_is_typed(app):
    make_world(app)
    browser = app.test_client()

    answer = browser.post(
        "/login",
        data={"csrf_token": csrf_token(browser), "email": "ines@example.org", "password": "a\x00b"},
    )

    assert (answer.status_code, SAID in answer.text) == (422, False)


def test_booking_form_says_it_once_for_each_field(app):
    make_world(app)
    visitor = app.test_client()
    choose(visitor, TEN)
    found = forms_of(visitor.get("/book/details").text, page="/book/details", role="")
    form = next(one for one in found if "message" in one.texts)
    sent = {"name": "A\x0bna", "email": "ana@example.org", "privacy_accepted": "y"}

    page = html.unescape(post(visitor, form, message="Hel\x00lo", **sent).text)

    listed = re.findall(r'<a class="block" href="#(\w+)">([^<]+)</a>', page)
    assert listed == [
        ("name", f"Your name: {CANNOT_BE_KEPT}"),
        ("message", f"A message: {CANNOT_BE_KEPT}"),
    ]
    assert page.count(CANNOT_BE_KEPT) == 2 * len(listed)  # above the form, and at the field
