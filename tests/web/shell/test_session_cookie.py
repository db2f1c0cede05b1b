"""The session cookie: unreadable to whoever has it, whole to every process that has the key."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from flask.sessions import SecureCookieSessionInterface

from app import create_app
from tests.conftest import settings_for
from tests.support.accounts.sign_in import clinic_with_account, signed_in
from tests.support.booking.booking_client import choose, details_form, post, start_value
from tests.support.factories import make_practice

TEN = datetime(2026, 11, 26, 10, tzinfo=UTC)
NAMES = (
    "inquiry", "needs", "couple", "format", "session_type", "hold", "key", "chosen", "booked",
    "typed_email", "flow_seen_at", "time_zone", "language", "csrf_token", "_flashes",
    "staff_session", "_user_id",
)  # fmt: skip
WORDS = (
    "betrayal_or_affair", "initial-consultation", "ines-duarte", "2026-11-26", "online",
    "Unmistakable", "unmistakable", "Kathmandu",
)  # fmt: skip


@pytest.fixture
def practice(app):
    with app.app_context():
        return make_practice()


def readings(cookie):
    """The cookie, its parts, and all that base64 and zlib make of them."""
    found = [cookie.encode()]
    for part in cookie.split("."):
        for padded in (part, part + "=" * (-len(part) % 4)):
            try:
                found.append(base64.urlsafe_b64decode(padded))
            except ValueError:
                continue
    for one in list(found):
        for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
            try:
                found.append(zlib.decompress(one, window))
            except zlib.error:
                continue
    return found


def told_by(cookies, *more):
    # Names as they stand in JSON: three letters alone come up by chance in what is encrypted.
    names = [f'"{name}"' for name in NAMES]
    words = [word.encode() for word in (*names, *WORDS, *more)]
    seen = b"\n".join(reading for cookie in cookies for reading in readings(cookie))
    return {word.decode() for word in words if word in seen}


class Watched:
    """A browser that remembers every cookie it was ever given."""

    def __init__(self, client):
        self.client, self.cookies = client, []

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def asking(*args, **fields):
            answer = method(*args, **fields)
            given = answer.headers.getlist("Set-Cookie")
            self.cookies += [one.partition("=")[2].partition(";")[0] for one in given]
            return answer

        return asking


def test_every_cookie_of_the_whole_flow_of_booking_tells_nothing(app, practice):
    browser = Watched(app.test_client())

    post(browser, "/book", needs=["betrayal_or_affair"], couple="two", format="online")
    browser.get("/book/therapists")
    browser.get("/book/times?time_zone=Asia/Kathmandu")
    post(browser, "/language", language="pt")
    browser.get("/language?language=pt&next=/book")
    choose(browser, TEN)
    form = details_form(browser, name="Unmistakable", email="a@unmistakable.example")
    browser.post("/book/details", data=form | {"email": "no"})
    made = browser.post("/book/details", data=form)
    token = made.location.split("/")[2]
    for path in ("/booked", "", "/move", "/cancel"):
        browser.get(f"/a/{token}{path}")
    post(browser, f"/a/{token}/move", start=start_value(TEN + timedelta(days=1)))
    browser.get(f"/a/{token}")
    browser.get("/book/details")

    assert len(set(browser.cookies)) > 5
    assert told_by(browser.cookies, token, form["hold"], form["key"]) == set()


def test_cookie_of_a_member_of_staff_tells_nothing(app):
    clinic_with_account(app)
    client = signed_in(app)
    with client.session_transaction() as cookie:
        values = [str(value) for value in cookie.values()]

    assert len(values) > 2
    assert told_by([client.get_cookie("clinic").value], *values) == set()


def test_another_process_with_the_key_reads_it_and_one_with_another_key_does_not(
    app, client, settings, tmp_path
):
    with client.session_transaction() as cookie:
        cookie["planted"] = "x"
    value = client.get_cookie("clinic").value

    def read_by(other):
        reader = other.test_client()
        reader.set_cookie("clinic", value)
        with reader.session_transaction() as cookie:
            return dict(cookie)

    same = create_app(settings)
    other = create_app(settings_for(tmp_path, settings.database_url, secret_key="k" * 40))

    assert (read_by(same), read_by(other)) == ({"planted": "x"}, {})


def test_cookie_that_was_changed_or_only_signed_is_as_none(app, client, practice):
    with client.session_transaction() as cookie:
        cookie["planted"] = "x"
    value = client.get_cookie("clinic").value
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    encrypting = app.session_interface.get_signing_serializer(app)
    body = value.rpartition(".")[0].rpartition(".")[0]
    short = encrypting.make_signer(encrypting.salt).sign(b"AAAA").decode()
    changed = ("B" if value[0] == "A" else "A") + value[1:]
    wrong = [signer.dumps({"planted": "x"}), value[:-1], changed, body, "", ".", "é", short]

    def read(one):
        reader = app.test_client()
        reader.set_cookie("clinic", one)
        status = reader.get("/book").status_code
        reader.set_cookie("clinic", one)
        with reader.session_transaction() as cookie:
            return status, cookie.get("planted")

    assert [read(one) for one in wrong] == [(200, None)] * len(wrong)


def test_two_cookies_of_the_same_content_differ_and_have_one_length(app):
    serializer = app.session_interface.get_signing_serializer(app)
    first, second = (serializer.dumps({"needs": ["a"] * 100}) for _ in range(2))

    assert first != second
    assert len(first) == len(second) == len(serializer.dumps({"needs": ["b"] * 100}))
    assert serializer.loads(first) == serializer.loads(second) == {"needs": ["a"] * 100}
