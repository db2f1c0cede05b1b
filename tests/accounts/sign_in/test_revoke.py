"""What somebody had opened ends with the account, with its password, and with their diary."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from clinic.accounts.administration.own_password import change_own_password
from clinic.accounts.administration.service import deactivate_account, reactivate_account, set_roles
from clinic.accounts.models import Account
from clinic.accounts.sign_in.sessions import check_session, start_session
from clinic.calendars.feeds.queries import get_feed
from clinic.calendars.feeds.service import create_clinic_feed, create_therapist_feed
from clinic.calendars.models import CalendarFeed
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.mailbox import deliver
from tests.support.factories import NOW, PASSWORD, make_account, make_practice, make_therapist


class House:
    """A therapist with an account, a feed of theirs and one of the clinic's; and a colleague's."""

    def __init__(self, app):
        self.app = app
        practice = make_practice()
        clinic, self.therapist = practice.clinic, practice.therapist.id
        self.admin = Actor(
            clinic_id=clinic.id, name="account:boss", account_id=None, roles=frozenset({Role.ADMIN})
        )
        roles = [Role.THERAPIST, Role.FRONT_DESK]
        self.account = make_account(clinic, roles=roles, therapist_id=self.therapist)
        make_account(clinic, email="boss@example.org", roles=[Role.ADMIN])
        self.own = Actor(
            clinic_id=clinic.id,
            name=f"account:{self.account.id}",
            account_id=self.account.id,
            roles=frozenset(roles),
            therapist_id=self.therapist,
        )
        other = make_therapist(clinic, slug="marta-vale", name="Marta Vale")
        self.tokens = {
            "diary": self._feed(create_therapist_feed, self.therapist, actor=self.admin),
            "clinic": self._feed(create_clinic_feed, actor=self.own),
            "colleague": self._feed(create_therapist_feed, other.id, actor=self.admin),
        }

    def _feed(self, create, *given, actor):
        return create(*given, name="phone", actor=actor, now=NOW)[1]

    def readable(self):
        return {name for name, token in self.tokens.items() if self._opens(token)}

    def revoked(self):
        session().rollback()
        rows = session().scalars(select(CalendarFeed).where(CalendarFeed.revoked_at.is_not(None)))
        return {(row.kind, row.revoked_at) for row in rows}

    @staticmethod
    def _opens(token):
        session().rollback()
        try:
            get_feed(token)
        except NotFound:
            return False
        return True


@pytest.fixture
def house(context):
    return House(context)


def test_a_disabled_account_reads_no_feed_at_once_and_none_when_it_is_enabled_again(house):
    assert house.readable() == {"diary", "clinic", "colleague"}
    deactivate_account(house.account.id, actor=house.admin, now=NOW)
    assert house.readable() == {"colleague"}
    deliver(house.app)
    reactivate_account(house.account.id, actor=house.admin, now=NOW)
    assert house.readable() == {"colleague"}
    assert house.revoked() == {("therapist", NOW), ("clinic", NOW)}


def test_a_new_password_ends_the_feeds_and_the_other_sessions(house):
    here, there = (start_session(house.account, address=None, now=NOW) for _ in range(2))
    kept = check_session(here, now=NOW).row
    change_own_password(
        present=PASSWORD,
        new="a quiet harbour at dusk",
        address=None,
        session_id=kept.id,
        actor=house.own,
        now=NOW,
    )
    deliver(house.app)
    assert house.readable() == {"colleague"}
    assert [check_session(one, now=NOW).state for one in (here, there)] == ["live", "ended"]


def test_feeds_made_after_the_new_password_stay(house):
    deactivate_account(house.account.id, actor=house.admin, now=NOW)
    reactivate_account(house.account.id, actor=house.admin, now=NOW)
    later = NOW.replace(hour=10)
    _feed, token = create_therapist_feed(
        house.therapist, name="new phone", actor=house.admin, now=later
    )
    deliver(house.app)
    get_feed(token)


def test_whoever_is_no_longer_this_therapist_loses_the_diarys_feed(house):
    db.session.rollback()
    set_roles(
        house.account.id, roles=[Role.FRONT_DESK], therapist_id=None, actor=house.admin, now=NOW
    )
    deliver(house.app)
    assert house.revoked() == {("therapist", NOW), ("clinic", NOW)}
    assert db.session.get_one(Account, house.account.id).therapist_id is None


def test_other_roles_alone_end_nothing(house):
    set_roles(
        house.account.id,
        roles=[Role.THERAPIST, Role.FRONT_DESK, Role.SUPERVISOR],
        therapist_id=house.therapist,
        actor=house.admin,
        now=NOW,
    )
    deliver(house.app)
    assert house.revoked() == set()
