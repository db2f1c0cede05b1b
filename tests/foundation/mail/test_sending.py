"""No transaction stays open while a mail server is spoken to."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from clinic.extensions import db
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.database.waiting import TransactionOpen
from clinic.foundation.mail.sending import send_mail
from clinic.practice.models import Clinic
from tests.support.sample_mails import PLAIN


class RememberingTransport:
    """Notes at each mail how many connections are in use meanwhile."""

    def __init__(self):
        self.in_use = []

    def deliver(self, _mail):
        self.in_use.append(db.engine.pool.checkedout())


def test_mail_holds_no_read_and_is_refused_in_a_transaction(context):
    transport = context.extensions["mail_transport"] = RememberingTransport()
    session().execute(select(Clinic.id))

    send_mail(PLAIN)

    with pytest.raises(TransactionOpen), transaction():
        send_mail(PLAIN)
    assert transport.in_use == [0]
