"""Send mail: hand a message to an SMTP server, or write it into a folder where none is set."""

from __future__ import annotations

import contextlib
import hashlib
import os
import smtplib
import ssl
import tempfile
from datetime import UTC
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from clinic.foundation.errors import N_, ClinicError, Unavailable
from clinic.foundation.mail.message import OutgoingMail, compose, envelope

SMTP_SECONDS = 10.0


class MailFailed(Unavailable):
    """Mail could not be handed over just now; another try may help."""

    code = "mail-failed"
    says = N_("The mail could not be handed over just now; it will be tried again.")


class MailRefused(ClinicError):
    """The mail server will never take this mail; another try is useless."""

    status = 422
    code = "mail-refused"
    says = N_("The mail server does not take mail for this address.")


class MailSettingInvalid(ClinicError):
    """The setting SMTP_URL cannot be used; never repeats its password."""

    code = "mail-setting-invalid"
    says = N_("SMTP_URL cannot be used. It looks like smtp://user:password@host:587?starttls=1.")


class Transport(Protocol):
    """A way out for mail; `MailFailed` asks for another try, `MailRefused` is final."""

    def deliver(self, mail: OutgoingMail) -> None:
        """Hand the mail over, once."""


def transport_from(smtp_url: str | None, folder: Path) -> Transport:
    """SMTP when an address of a server is set, else files in `folder`."""
    return SmtpTransport(smtp_url) if smtp_url else FolderTransport(folder)


class FolderTransport:
    """Writes each mail as `<UTC date>-<hash>.eml`, complete or not at all, readable by the owner.

    The name comes from the mail alone: delivering it again replaces the file by its equal.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, mail: OutgoingMail) -> None:
        """Write the mail's file."""
        data = compose(mail).as_bytes()
        stamp = mail.date.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{stamp}-{hashlib.sha256(data).hexdigest()[:16]}.eml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(self._folder / name, data)
        except OSError as error:
            raise MailFailed from error


def _write_whole(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class SmtpTransport:
    """Hands mail to the server at `smtp://` or `smtps://user:password@host:port?starttls=1`."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            options = parse_qs(parts.query, strict_parsing=bool(parts.query))
            port = parts.port
        except ValueError:
            raise MailSettingInvalid from None
        if (
            parts.scheme not in {"smtp", "smtps"}
            or not parts.hostname
            or options.keys() - {"starttls"}
        ):
            raise MailSettingInvalid
        self._tls = parts.scheme == "smtps"
        self._starttls = options.get("starttls", ["0"])[-1] == "1"
        self._host = parts.hostname
        self._port = port or (465 if self._tls else 587 if self._starttls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def deliver(self, mail: OutgoingMail) -> None:
        """Hand the mail over in one session of at most ten seconds a step."""
        message = compose(mail)
        sender, _ = envelope(message)
        try:
            server = self._connected(sender.rpartition("@")[2])
            try:
                self._converse(server, message)
            finally:
                server.close()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # Without the cause: it names the recipient, and errors end up in logs.
            raise _failure(error) from None

    def _connected(self, name: str) -> smtplib.SMTP:
        # Our own name is given, for looking it up can take longer than the delivery.
        if self._tls:
            return smtplib.SMTP_SSL(
                self._host, self._port, name, timeout=SMTP_SECONDS,
                context=ssl.create_default_context(),
            )  # fmt: skip
        return smtplib.SMTP(self._host, self._port, name, timeout=SMTP_SECONDS)

    def _converse(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        if self._starttls:
            server.starttls(context=ssl.create_default_context())
        if self._user:
            server.login(self._user, self._password)
        sender, recipient = envelope(message)
        server.ehlo_or_helo_if_needed()
        options = () if (sender + recipient).isascii() else ("SMTPUTF8",)
        if options and not server.has_extn("smtputf8"):
            raise MailRefused
        server.sendmail(sender, [recipient], message.as_bytes(), mail_options=options)
        # The mail is taken; a clumsy goodbye must not have it sent again.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()


def _failure(error: Exception) -> ClinicError:
    """Final when the server says 5xx to the recipient or the message, else worth another try."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _said in error.recipients.values()]
        return MailRefused() if all(500 <= code < 600 for code in codes) else MailFailed()
    if isinstance(error, smtplib.SMTPDataError):
        return MailRefused() if 500 <= error.smtp_code < 600 else MailFailed()
    return MailFailed()
