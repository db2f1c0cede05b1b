"""A mail is the same bytes each time, goes to one person, and arrives as it was composed."""

from __future__ import annotations

import email
import email.policy
import ipaddress
import socket
import ssl
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation import mail as mail_module
from clinic.foundation.errors import ClinicError, InvalidInput
from clinic.foundation.mail import (
    CalendarPart,
    FolderTransport,
    MailFailed,
    MailRefused,
    MailSettingInvalid,
    OutgoingMail,
    SmtpTransport,
    compose,
    envelope,
    transport_from,
)

GOLDEN = Path(__file__).parent.parent / "golden" / "mail"
INVITE = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
PLAIN = OutgoingMail(
    to="ana@example.org",
    subject="Your appointment",
    text="Hello Ana,\n\nsee you on Monday.\n.\n",
    html=None,
    message_id="<appointment-1.0@clinic.example>",
    date=datetime(2026, 1, 5, 10, 0, tzinfo=UTC),
    sender="The Clinic <hello@clinic.example>",
)
FULL = replace(
    PLAIN,
    to="Inês Conceição <ines@bücher.example>",
    subject="A sua sessão: segunda-feira, 5 de janeiro de 2026, às 10:00 — até já",
    text="Olá Inês,\n\naté segunda-feira.\nhttps://clinic.example/bookings/" + "t" * 60 + "\n",
    html='<p>Olá Inês,</p>\n<p><a href="https://clinic.example/b?a=1&amp;b=2">até já</a></p>\n',
    calendar=CalendarPart("REQUEST", INVITE),
)


def read(mail):
    return email.message_from_bytes(compose(mail).as_bytes(), policy=email.policy.SMTP)


def content(part):
    return part.get_content().replace("\r\n", "\n")


# --- Composing


@pytest.mark.parametrize(("name", "mail"), [("plain", PLAIN), ("invitation", FULL)])
def test_a_mail_is_the_same_bytes_each_time(name, mail):
    composed = compose(mail).as_bytes()
    assert composed == compose(replace(mail)).as_bytes()
    assert composed == (GOLDEN / f"{name}.eml").read_bytes()


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


# --- Into a folder


def test_without_a_server_mail_is_written_into_the_folder(tmp_path):
    transport = transport_from(None, tmp_path / "mail")
    assert isinstance(transport, FolderTransport)
    for mail in (PLAIN, FULL, PLAIN):
        transport.deliver(mail)
    files = sorted((tmp_path / "mail").iterdir())
    assert {file.read_bytes() for file in files} == {
        compose(PLAIN).as_bytes(),
        compose(FULL).as_bytes(),
    }
    assert len(files) == 2
    assert all(
        file.name.startswith("20260105T100000Z-") and file.suffix == ".eml" for file in files
    )
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_folder_that_cannot_be_written_asks_for_another_try(tmp_path):
    (tmp_path / "mail").write_text("a file where the folder should be")
    with pytest.raises(MailFailed):
        FolderTransport(tmp_path / "mail").deliver(PLAIN)


def test_a_mail_that_could_not_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mail_module.os, "fsync", full)
    with pytest.raises(MailFailed):
        FolderTransport(tmp_path).deliver(PLAIN)
    assert list(tmp_path.iterdir()) == []


# --- Through SMTP


class Inbox:
    """What a real server in this process received; its answers can be set."""

    def __init__(self):
        self.received, self.rcpt, self.data, self.sender, self.logins = [], "", "", "", []

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if self.sender:
            return self.sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.data:
            return self.data
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss word")


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def smtp_server(inbox):
    started = []

    def start(**options):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        started.append(controller)
        return port

    yield start
    for controller in started:
        controller.stop()


def test_mail_arrives_at_the_server_byte_for_byte(smtp_server, inbox, tmp_path):
    transport = transport_from(f"smtp://127.0.0.1:{smtp_server()}", tmp_path)
    assert isinstance(transport, SmtpTransport)
    transport.deliver(PLAIN)
    transport.deliver(FULL)
    assert inbox.received == [
        ("hello@clinic.example", ["ana@example.org"], compose(PLAIN).as_bytes()),
        ("hello@clinic.example", ["ines@xn--bcher-kva.example"], compose(FULL).as_bytes()),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_mailbox_name_in_another_script_arrives_where_the_server_takes_it(smtp_server, inbox):
    mail = replace(PLAIN, to="josé@example.org")
    SmtpTransport(f"smtp://127.0.0.1:{smtp_server(enable_SMTPUTF8=True)}").deliver(mail)
    assert inbox.received == [
        ("hello@clinic.example", ["josé@example.org"], compose(mail).as_bytes())
    ]
    assert "To: josé@example.org\r\n".encode() in compose(mail).as_bytes()


def test_a_mailbox_name_in_another_script_is_final_where_the_server_does_not(smtp_server, inbox):
    port = smtp_server(enable_SMTPUTF8=False)
    with pytest.raises(MailRefused):
        SmtpTransport(f"smtp://127.0.0.1:{port}").deliver(replace(PLAIN, to="josé@example.org"))
    assert inbox.received == []


@pytest.mark.parametrize(
    ("step", "answer", "error"),
    [
        ("rcpt", "550 5.1.1 No such user", MailRefused),
        ("rcpt", "451 4.7.1 Greylisted", MailFailed),
        ("data", "554 5.6.0 Refused", MailRefused),
        ("data", "452 4.3.1 Disk full", MailFailed),
        ("sender", "550 5.7.1 Who are you", MailFailed),
        ("sender", "421 4.3.2 Going down", MailFailed),
    ],
)
def test_the_servers_answer_decides_about_another_try(step, answer, error, smtp_server, inbox):
    setattr(inbox, step, answer)
    with pytest.raises(error) as failure:
        SmtpTransport(f"smtp://127.0.0.1:{smtp_server()}").deliver(PLAIN)
    assert isinstance(failure.value, ClinicError)
    assert "example" not in str(failure.value)
    assert inbox.received == []


def test_a_server_that_is_down_asks_for_another_try():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailFailed):
        SmtpTransport(f"smtp://127.0.0.1:{port}").deliver(PLAIN)


def test_a_server_that_is_silent_asks_for_another_try(monkeypatch):
    monkeypatch.setattr(mail_module, "SMTP_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailFailed):
        SmtpTransport(f"smtp://127.0.0.1:{silent.getsockname()[1]}").deliver(PLAIN)


def test_the_user_and_password_of_the_address_sign_in(smtp_server, inbox):
    options = {
        "auth_require_tls": False,
        "authenticator": inbox.authenticate,
    }
    port = smtp_server(**options)
    SmtpTransport(f"smtp://me%40x:p%40ss%20word@127.0.0.1:{port}").deliver(PLAIN)
    assert (inbox.logins[-1], len(inbox.received)) == ((b"me@x", b"p@ss word"), 1)
    with pytest.raises(MailFailed) as failure:
        SmtpTransport(f"smtp://me:wrong@127.0.0.1:{port}").deliver(PLAIN)
    assert "wrong" not in str(failure.value)


@pytest.mark.parametrize("url", ["smtps://127.0.0.1:{}", "smtp://127.0.0.1:{}?starttls=1"])
def test_mail_is_not_sent_in_clear_where_encryption_is_asked_for(url, smtp_server, inbox):
    with pytest.raises(MailFailed):
        SmtpTransport(url.format(smtp_server())).deliver(PLAIN)
    assert inbox.received == []


@pytest.fixture
def tls(tmp_path, monkeypatch):
    """A TLS context for a server at 127.0.0.1 that the system's clients trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        certificate
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return context


def test_mail_is_encrypted_after_starttls(smtp_server, inbox, tls):
    port = smtp_server(tls_context=tls, require_starttls=True)
    SmtpTransport(f"smtp://127.0.0.1:{port}?starttls=1").deliver(PLAIN)
    assert len(inbox.received) == 1
    with pytest.raises(MailFailed):
        SmtpTransport(f"smtp://127.0.0.1:{port}").deliver(PLAIN)


def test_an_unknown_certificate_is_not_trusted(smtp_server, inbox, tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    port = smtp_server(tls_context=tls)
    with pytest.raises(MailFailed):
        SmtpTransport(f"smtp://127.0.0.1:{port}?starttls=1").deliver(PLAIN)
    assert inbox.received == []


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "mail.example",
        "smtp://",
        "smtp://mail.example:99999",
        "smtp://mail.example:x",
        "smtp://mail.example?startls=1",
        "smtp://[::1",
    ],
)
def test_a_setting_that_is_no_mail_server_is_refused(url):
    with pytest.raises(MailSettingInvalid, match="SMTP_URL"):
        SmtpTransport(url)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("smtp://mail.example", 25),
        ("smtp://mail.example?starttls=1", 587),
        ("smtps://mail.example", 465),
        ("smtps://mail.example:2465", 2465),
    ],
)
def test_the_port_follows_from_the_kind_of_encryption(url, port):
    assert SmtpTransport(url)._port == port
