from __future__ import annotations

from sqlalchemy import select

from clinic.accounts.passwords.mail_kinds import ACCOUNT_MAIL, notify_password_changed
from clinic.extensions import db
from clinic.foundation.database.transactions import transaction
from clinic.foundation.outbox import OutboxMessage
from tests.support.factories import NOW, make_account, make_clinic


def messages():
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == ACCOUNT_MAIL)).all()


def test_a_changed_password_is_one_mail_to_its_owner(context):
    account = make_account(make_clinic())

    with transaction() as current:
        notify_password_changed(current, account, now=NOW)

    (message,) = messages()
    assert message.payload == {
        "notice": message.payload["notice"],
        "account": account.id,
        "at": "2026-11-23T09:00:00+00:00",
    }
    assert len(message.payload["notice"]) == 32


def test_two_changes_are_two_mails(context):
    account = make_account(make_clinic())

    with transaction() as current:
        notify_password_changed(current, account, now=NOW)
        notify_password_changed(current, account, now=NOW)

    assert len({one.payload["notice"] for one in messages()}) == 2
