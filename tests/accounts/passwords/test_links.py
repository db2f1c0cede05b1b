"""Links by mail: good for a day, once, and never in place of somebody's password by invitation."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from clinic.accounts.administration.service import (
    deactivate_account,
    invite_account,
    send_password_link,
    set_password,
)
from clinic.accounts.models import Account, AccountLink, StaffSession
from clinic.accounts.passwords.links import LinkInvalid, open_link, set_password_by_link
from clinic.accounts.passwords.new_passwords import WeakPassword
from clinic.accounts.rules.password_hashing import matches
from clinic.accounts.sign_in.sessions import start_session
from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.crypto.tokens import token_hash
from clinic.foundation.database.transactions import transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.mailbox import sent_mails, token_in
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic

NEW = "a quiet harbour at dusk"
DAY = timedelta(hours=24)
AT_ONCE = 20


class Desk:
    """A clinic, and its administrator sending links."""

    def __init__(self, app):
        self.app = app
        self.clinic = make_clinic()
        self.actor = Actor(clinic_id=self.clinic.id, name="system:test", is_system=True)

    def invited(self, **changes):
        values = {
            "email": "marta@example.org",
            "name": "Marta Vale",
            "roles": [Role.THERAPIST],
            "actor": self.actor,
            "now": NOW,
        }
        account = invite_account(**(values | changes))
        return account, token_in(sent_mails(self.app)[-1])

    def reset(self, account):
        send_password_link(account.id, actor=self.actor, now=NOW)
        return token_in(sent_mails(self.app)[-1])

    def use(self, token, *, password=NEW, now=NOW):
        set_password_by_link(token, password=password, clinic_id=self.clinic.id, now=now)


@pytest.fixture
def desk(context):
    return Desk(context)


def kept_password(account_id):
    db.session.rollback()
    found = db.session.get_one(Account, account_id, populate_existing=True).password
    db.session.rollback()  # what delivers mail later keeps no other session waiting
    return found


def actions():
    return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def test_an_invited_person_chooses_the_password_that_then_opens_the_account(desk):
    account, token = desk.invited()
    assert kept_password(account.id) is None
    desk.use(token)
    assert matches(NEW, kept_password(account.id))
    assert actions() == ["account.invited", "account.accepted"]


def test_neither_the_table_nor_the_outbox_holds_the_token(desk):
    account, token = desk.invited()
    row = db.session.scalars(select(AccountLink)).one()
    assert (row.account_id, row.token_hash, row.expires_at) == (
        account.id,
        token_hash(token),
        NOW + DAY,
    )
    assert len(token) == 43  # 256 bits in base64url
    assert not any(token in str(one.payload) for one in db.session.scalars(select(OutboxMessage)))


def test_opening_a_link_as_scanners_do_uses_nothing_up(desk):
    _account, token = desk.invited()
    for _ in range(3):
        open_link(token, clinic_id=desk.clinic.id, now=NOW)
    desk.use(token)


def test_a_link_works_once(desk):
    account, token = desk.invited()
    desk.use(token)
    with pytest.raises(LinkInvalid):
        desk.use(token, password="another long enough password")
    assert matches(NEW, kept_password(account.id))


@pytest.mark.parametrize("moved", [DAY, DAY + timedelta(days=300)])
def test_a_link_is_dead_after_a_day(desk, moved):
    account, token = desk.invited()
    with pytest.raises(LinkInvalid):
        desk.use(token, now=NOW + moved)
    assert kept_password(account.id) is None


def test_a_newer_link_takes_the_place_of_the_older_one(desk):
    account, token = desk.invited()
    newer = desk.reset(account)
    with pytest.raises(LinkInvalid):
        desk.use(token)
    desk.use(newer)


def test_a_weak_password_is_refused_and_the_link_stays_good(desk):
    _account, token = desk.invited()
    with pytest.raises(WeakPassword):
        desk.use(token, password="Marta Vale 12345")
    desk.use(token)


def test_an_invitation_never_replaces_a_password(desk):
    """Cal.com, January 2026: an invitation for a known address overwrote its password."""
    account, token = desk.invited()
    set_password(account.id, password=PASSWORD, actor=desk.actor, now=NOW)
    with transaction() as current:  # as if the link had survived that
        current.execute(update(AccountLink).values(ended_at=None))
    with pytest.raises(LinkInvalid):
        desk.use(token)
    assert matches(PASSWORD, kept_password(account.id))


def test_a_link_of_a_disabled_account_opens_nothing(desk):
    account, token = desk.invited()
    deactivate_account_beside_an_admin(desk, account)
    with pytest.raises(LinkInvalid):
        desk.use(token)


def deactivate_account_beside_an_admin(desk, account):
    make_account(desk.clinic, roles=[Role.ADMIN])
    deactivate_account(account.id, actor=desk.actor, now=NOW)


def test_a_reset_ends_sessions_and_other_links_and_tells_the_owner(desk):
    account = make_account(desk.clinic)
    start_session(account, address=None, now=NOW)
    token = desk.reset(account)
    desk.use(token)
    ended = db.session.scalars(select(StaffSession.ended_at)).all()
    assert (ended, matches(NEW, kept_password(account.id))) == ([NOW], True)
    (notice,) = sent_mails(desk.app)
    assert (notice["To"], "The password of your account was changed" in notice.as_string()) == (
        "ines.duarte@example.org",
        True,
    )


def test_guesses_and_links_of_another_clinic_open_nothing(desk):
    _account, token = desk.invited()
    other = make_clinic(slug="elsewhere")
    guesses = [(token, other.id), (token[:-1], desk.clinic.id), ("", desk.clinic.id)]
    guesses += [(f"{number:043d}", desk.clinic.id) for number in range(1_000)]
    for guess, clinic_id in guesses:
        with pytest.raises(LinkInvalid):
            open_link(guess, clinic_id=clinic_id, now=NOW)


def test_twenty_at_once_with_one_link_set_one_password(app):
    with app.app_context():
        desk = Desk(app)
        account, token = desk.invited()
        clinic_id, account_id = desk.clinic.id, account.id
        db.session.remove()
    gate = Barrier(AT_ONCE)

    def one(number):
        with app.app_context():
            gate.wait()
            try:
                set_password_by_link(
                    token, password=f"{NEW}, {number}", clinic_id=clinic_id, now=NOW
                )
            except LinkInvalid:
                return "gone"
            finally:
                db.session.remove()
            return number

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(one, range(AT_ONCE)))
    (winner,) = [one for one in found if one != "gone"]
    assert Counter(found)["gone"] == AT_ONCE - 1
    with app.app_context():
        assert matches(f"{NEW}, {winner}", kept_password(account_id))
        assert actions() == ["account.invited", "account.accepted"]
