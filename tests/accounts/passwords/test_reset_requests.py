"""Asking for a new password: one answer and one amount of work for every address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from clinic.accounts.administration.service import deactivate_account
from clinic.accounts.models import AccountLink
from clinic.accounts.passwords.reset_requests import request_reset_link
from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.errors import TooManyRequests
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.mailbox import sent_mails
from tests.support.accounts.sign_in import ELSEWHERE, EMAIL, HOME
from tests.support.factories import NOW, make_account, make_clinic


@pytest.fixture
def clinic(context):
    made = make_clinic()
    make_account(made)
    return made


def ask(clinic, email=EMAIL, *, address=HOME, now=NOW):
    request_reset_link(email, address=address, clinic_id=clinic.id, now=now)


def links():
    db.session.rollback()
    return db.session.scalars(select(AccountLink).order_by(AccountLink.made_at)).all()


def test_the_owner_gets_a_link_however_the_address_is_written(clinic, app):
    ask(clinic, " INES.Duarte@example.ORG ")
    (mail,) = sent_mails(app)
    assert (mail["To"], mail["Subject"]) == (EMAIL, "Clinic: About your account")
    assert [(one.purpose, one.made_at) for one in links()] == [("reset", NOW)]
    entries = db.session.execute(select(AuditEntry.action, AuditEntry.actor)).all()
    assert entries[-1] == ("account.reset_asked", "visitor")


@pytest.mark.parametrize("email", ["nobody@example.org", "not an address", "\x00", "é" * 254])
def test_nothing_is_sent_for_an_address_without_account(clinic, app, email):
    ask(clinic, email)
    assert (sent_mails(app), links()) == ([], [])


def test_nothing_is_sent_for_a_disabled_account(clinic, app):
    account = make_account(clinic, email="closed@example.org")
    make_account(clinic, email="admin@example.org", roles=[Role.ADMIN])
    system = Actor(clinic_id=clinic.id, name="system:test", is_system=True)
    deactivate_account(account.id, actor=system, now=NOW)
    sent_mails(app)
    ask(clinic, "closed@example.org")
    assert (sent_mails(app), links()) == ([], [])


def test_known_and_unknown_addresses_cost_the_same_statements(clinic):
    found = []
    for email in (EMAIL, "nobody@example.org"):
        said = []

        def note(_c, _cursor, statement, *_more, said=said):
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        ask(clinic, email, address=f"192.0.2.{len(email)}")
        event.remove(db.engine, "before_cursor_execute", note)
        found.append(said)
    assert found[0] == found[1]
    assert len(found[0]) >= 3


def test_one_address_gets_three_links_an_hour_and_no_stranger_can_stretch_that(clinic, app):
    for minute in range(0, 60, 10):
        ask(clinic, address=ELSEWHERE, now=NOW + timedelta(minutes=minute))
    assert (
        len(sent_mails(app, now=NOW + timedelta(hours=1))) == 1
    )  # the newest; the others are dead
    assert [one.made_at - NOW for one in links()] == [timedelta(hours=1)] * 3
    ask(clinic, now=NOW + timedelta(minutes=80))
    assert len(sent_mails(app, now=NOW + timedelta(minutes=80))) == 1


def test_one_network_asks_twenty_times_an_hour_whomever_it_asks_for(clinic):
    for number in range(20):
        ask(clinic, f"somebody{number}@example.org")
    for email in (EMAIL, "nobody@example.org"):
        with pytest.raises(TooManyRequests) as refused:
            ask(clinic, email, now=NOW + timedelta(minutes=20))
        assert refused.value.retry_after == 40 * 60
    ask(clinic, address=ELSEWHERE)
    ask(clinic, now=NOW + timedelta(hours=1))
