"""A mail is the same bytes each time, goes to one person, and arrives as it was composed."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.errors import InvalidInput
from clinic.foundation.mail.message import CalendarPart, compose, envelope
from tests.support.paths import GOLDEN
from tests.support.sample_mails import FULL, INVITE, PLAIN

FOLDER = GOLDEN / "mail"


def read(mail):
    return email.message_from_bytes(compose(mail).as_bytes(), policy=email.policy.SMTP)


def content(part):
    return part.get_content().replace("\r\n", "\n")


# --- Composing


@pytest.mark.parametrize(("name", "mail"), [("plain", PLAIN), ("invitation", FULL)])
def test_a_mail_is_the_same_bytes_each_time(name, mail):
    composed = compose(mail).as_bytes()
    assert composed == compose(replace(mail)).as_bytes()
    assert composed == (FOLDER / f"{name}.eml").read_bytes()


def test_a_mail_has_its_headers_and_no_others():
    assert dict(read(PLAIN).items()) == {
        "From": "The Clinic <hello@clinic.example>",
        "To": "ana@example.org",
        "Subject": "Your appointment",
        "Date": "Mon, 05 Jan 2026 10:00:00 +0000",
        "Message-ID": "<appointment-1.0@clinic.example>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }


def test_an_invitation_has_its_parts_in_the_order_calendars_expect():
    message = read(FULL)
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    parts = {part.get_content_type(): part for part in message.walk()}
    assert content(parts["text/plain"]) == FULL.text
    assert content(parts["text/html"]) == FULL.html
    assert dict(parts["text/calendar"]["content-type"].params) == {
        "method": "REQUEST",
        "charset": "UTF-8",
    }
    assert parts["text/calendar"].get_payload(decode=True) == INVITE
    assert parts["application/ics"].get_payload(decode=True) == INVITE
    assert parts["application/ics"].get_filename() == "session.ics"
    assert (message["Subject"], message["To"].addresses[0].display_name) == (
        FULL.subject,
        "Inês Conceição",
    )


def test_a_mail_is_ascii_lines_of_legal_length():
    for line in compose(FULL).as_bytes().split(b"\r\n"):
        assert len(line) <= 998
        assert line.isascii()
        assert b"\n" not in line
        assert b"\r" not in line


def test_the_date_is_written_in_utc():
    lisbon_summer = datetime(2026, 7, 6, 11, 0, tzinfo=timezone(timedelta(hours=1)))
    assert read(replace(PLAIN, date=lisbon_summer))["Date"] == "Mon, 06 Jul 2026 10:00:00 +0000"


def test_html_without_calendar_is_an_alternative():
    message = read(replace(PLAIN, html="<p>Hello</p>"))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_a_text_that_knows_the_separator_cannot_make_a_part_of_its_own():
    with_html = replace(PLAIN, html="<p>Hello</p>")
    separator = compose(with_html).get_boundary()
    text = f"--{separator}\nContent-Type: text/html\n\n<b>forged</b>\n--{separator}--\n"
    message = read(replace(with_html, text=text))
    assert message.get_boundary() != separator
    assert [content(part) for part in message.iter_parts()] == [text, "<p>Hello</p>\n"]


@settings(max_examples=150, deadline=None)
@given(
    subject=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
)
def test_any_subject_and_text_arrive(subject, text):
    message = read(replace(PLAIN, subject=subject, text=text, html="<p>x</p>"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    assert content(message.get_body(("plain",))) == lines + "\n"
    assert list(message.keys()).count("Subject") == 1
    assert set(message.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert "".join(str(message["Subject"]).split()) == "".join(subject.split())


BREAKS = ["\r\nBcc: x@evil.example", "\nX: y", "\rX: y", "\x00", "\u2028", "\x85", "\x0b", "\ud800"]


@pytest.mark.parametrize("field", ["to", "sender", "subject", "message_id"])
@pytest.mark.parametrize("broken", BREAKS, ids=ascii)
def test_a_line_break_in_a_header_is_refused(field, broken):
    value = getattr(PLAIN, field)
    for injected in (value + broken, broken + value, value[:4] + broken + value[4:]):
        with pytest.raises(InvalidInput) as refusal:
            compose(replace(PLAIN, **{field: injected}))
        assert list(refusal.value.errors) == [field]


@pytest.mark.parametrize(
    "to",
    [
        "",
        " ",
        "nobody",
        "@example.org",
        "ana@",
        "ana@example.org, eve@evil.example",
        "ana@example.org; eve@evil.example",
        "ana@example.org eve@evil.example",
        "Friends: ana@example.org;",
        "Ana <ana@example.org> <eve@evil.example>",
        "Ana, Eve <eve@evil.example>",
        "=?utf-8?q?a=0D=0ABcc:_eve@evil.example?= <ana@example.org>",
        "=?utf-8?q?a=00b?= <ana@example.org>",
        "=?utf-8?q?a=E2=80=A8b?= <ana@example.org>",
        "ana@example.org>\u0000",
        "ana@" + "a" * 64 + ".example",
        "ana@[127.0.0.1]",
        "ana@exa mple.org",
        "ana@@example.org",
    ],
    ids=ascii,
)
def test_anything_but_one_address_is_refused(to):
    with pytest.raises(InvalidInput) as refusal:
        compose(replace(PLAIN, to=to))
    assert refusal.value.errors == {"to": ["This is not a single e-mail address."]}
    with pytest.raises(InvalidInput):
        compose(replace(PLAIN, sender=to))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", "no brackets"),
        ("message_id", "<a b@clinic.example>"),
        ("message_id", "<a@clinic.example> <b@clinic.example>"),
        ("date", datetime(2026, 1, 5, 10, 0)),
        ("calendar", CalendarPart("REQUEST; x=y", INVITE)),
        ("text", "half a pair \ud800"),
    ],
)
def test_other_parts_that_make_no_mail_are_refused(field, value):
    with pytest.raises(InvalidInput) as refusal:
        compose(replace(PLAIN, **{field: value}))
    assert list(refusal.value.errors) == [field]


def test_the_envelope_has_bare_addresses():
    assert envelope(compose(FULL)) == ("hello@clinic.example", "ines@xn--bcher-kva.example")
