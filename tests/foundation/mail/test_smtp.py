"""Mail goes to a real server: what it answers decides, and it is not sent in clear unasked."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clinic.foundation.errors import ClinicError
from clinic.foundation.mail import transports
from clinic.foundation.mail.message import compose
from clinic.foundation.mail.transports import (
    MailFailed,
    MailRefused,
    MailSettingInvalid,
    SmtpTransport,
    transport_from,
)
from tests.support.sample_mails import FULL, PLAIN


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
def smtp_server(inbox, reserved_port):
    started = []

    def start(**options):
        controller = Controller(inbox, hostname="127.0.0.1", port=reserved_port, **options)
        controller.start()
        started.append(controller)
        return reserved_port

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


def test_a_server_that_is_down_asks_for_another_try(reserved_port):
    with pytest.raises(MailFailed):
        SmtpTransport(f"smtp://127.0.0.1:{reserved_port}").deliver(PLAIN)


def test_a_server_that_is_silent_asks_for_another_try(monkeypatch):
    monkeypatch.setattr(transports, "SMTP_SECONDS", 0.2)
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
