"""The password shown again before a signature."""

from __future__ import annotations

import pytest

from clinic.accounts.models import StaffSession
from clinic.accounts.sign_in.sessions import start_session
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import InvalidInput, NotAllowed
from clinic.foundation.permissions.actors import Actor
from clinic.notes.signing.reauthentication import show_password
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic

pytestmark = pytest.mark.usefixtures("context")


def test_right_password_renews_the_proof_of_this_session_and_a_wrong_one_is_named():
    account = make_account(make_clinic())
    start_session(account, address="198.51.100.7", now=NOW)
    row = session().query(StaffSession).one()
    actor = Actor(clinic_id=account.clinic_id, account_id=account.id)
    asked = {"address": "198.51.100.7", "session_id": row.id, "actor": actor, "now": NOW}
    assert show_password(PASSWORD, **asked) == NOW
    with pytest.raises(InvalidInput) as refused:
        show_password("something else entirely", **asked)
    assert list(refused.value.errors) == ["password"]


def test_nobody_without_an_account_shows_one():
    with pytest.raises(NotAllowed):
        show_password("x", address=None, session_id="", actor=Actor(clinic_id="c"), now=NOW)
