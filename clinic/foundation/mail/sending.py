"""Hands mail to the transport that the settings chose; the only caller of a transport."""

from __future__ import annotations

from flask import current_app

from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.foundation.mail.message import OutgoingMail
from clinic.foundation.mail.transports import Transport


def send_mail(mail: OutgoingMail) -> None:
    """Deliver one mail, with no transaction open meanwhile.

    Raises `MailFailed` to be tried again, `MailRefused` when that cannot help, and
    `TransactionOpen` inside a transaction.
    """
    end_read_before_waiting()
    transport: Transport = current_app.extensions["mail_transport"]
    transport.deliver(mail)
