"""Staff accounts at the desk: an administrator's pages, and nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.permissions.actors import Role
from tests.accounts.pages.test_password_pages import NEW, choose
from tests.support.accounts.mailbox import link_in, sent_mails
from tests.support.accounts.sign_in import EMAIL, is_inside, post, sign_in, signed_in
from tests.support.factories import make_account, make_clinic, make_practice, make_therapist
from tests.support.web.field_errors import errors_of

BOSS, MARTA = "boss@example.org", "marta@example.org"


class House:
    """A practice with an administrator, and Inês who sees clients."""

    def __init__(self, app):
        self.app = app
        with app.app_context():
            practice = make_practice()
            self.therapist = practice.therapist.id
            make_account(practice.clinic, email=BOSS, name="Helena Prado", roles=[Role.ADMIN])
            self.ines = make_account(practice.clinic, therapist_id=self.therapist).id
            self.marta = make_therapist(practice.clinic, slug="marta-vale", name="Marta Vale").id
            db.session.remove()

    def boss(self):
        return signed_in(self.app, email=BOSS)

    def invite(self, client, **changes):
        fields = {"name": "Marta Vale", "email": MARTA, "language": "pt", "roles": "therapist"}
        fields |= {"therapist": self.marta} | changes
        return post(client, "/desk/accounts/new", **fields)

    def row(self, email):
        with self.app.app_context():
            rows = db.session.scalars(select(Account)).all()
            found = [one for one in rows if one.email == email]
            return found[0] if found else None

    def actions(self):
        with self.app.app_context():
            return list(db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


@pytest.fixture
def house(app):
    return House(app)


def test_the_list_shows_who_can_sign_in_and_as_what(house):
    page = house.boss().get("/desk/accounts").text
    for said in ("Helena Prado", BOSS, "Administration", "Inês Duarte", EMAIL, "Diary of Inês"):
        assert said in page
    assert "1 browser" in page
    assert 'href="/desk/accounts" aria-current="page"' in page


def test_somebody_invited_chooses_a_password_and_is_what_they_were_invited_as(house):
    assert house.invite(house.boss()).status_code == 303
    (mail,) = sent_mails(house.app)
    assert mail["To"] == MARTA
    marta = house.app.test_client()
    assert choose(marta, link_in(mail)).status_code == 302
    sign_in(marta, email=MARTA, password=NEW)
    assert is_inside(marta)
    row = house.row(MARTA)
    assert (row.role_names, row.therapist_id, row.language) == (
        ["therapist"],
        house.marta,
        "pt",
    )


def test_an_invited_person_is_marked_until_they_accept_and_can_be_asked_again(house):
    client = house.boss()
    house.invite(client)
    (first,) = sent_mails(house.app)
    id_ = house.row(MARTA).id
    assert "Invited" in client.get("/desk/accounts").text
    assert "good until Tuesday 24 November 2026, 09:00" in client.get(f"/desk/accounts/{id_}").text
    post(client, f"/desk/accounts/{id_}/link")
    (second,) = sent_mails(house.app)
    assert client.get(link_in(first)).status_code == 404
    choose(house.app.test_client(), link_in(second))
    assert "Invited" not in client.get("/desk/accounts").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"email": EMAIL}, "There is an account with this e-mail address already."),
        ({"email": "nobody"}, "This does not look like an e-mail address."),
        ({"email": ""}, "This does not look like an e-mail address."),
        ({"name": ""}, "Please write a name of at most 120 characters."),
        ({"name": "x" * 121}, "Please write a name of at most 120 characters."),
        ({"roles": "owner"}, "is not a valid choice"),
        ({"therapist": "0" * 32}, "Not a valid choice."),
        ({"language": "xx"}, "Not a valid choice."),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_why_and_keeps_what_was_typed(house, changes, said):
    client = house.boss()
    response = house.invite(client, **changes)
    status = 409 if changes == {"email": EMAIL} else 422
    assert (response.status_code, said in response.text) == (status, True)
    if "name" not in changes:
        assert 'value="Marta Vale"' in response.text
    assert (house.row(MARTA), sent_mails(house.app)) == (None, [])


def test_everything_that_is_wrong_with_an_invitation_is_said_at_once(house):
    page = house.invite(house.boss(), name=" ", email="nobody", roles=[])
    assert errors_of(page) == {
        "name": ["Please write a name of at most 120 characters."],
        "email": ["This does not look like an e-mail address."],
        "roles": ["Choose at least one role."],
    }


def test_roles_change_and_hold_from_the_next_click(house):
    client, ines = house.boss(), signed_in(house.app)
    assert ines.get("/desk/accounts").status_code == 403
    done = post(
        client,
        f"/desk/accounts/{house.ines}/roles",
        roles="admin",
        therapist=house.therapist,
    )
    assert done.status_code == 303
    assert ines.get("/desk/accounts").status_code == 200


def test_roles_cannot_all_be_taken_and_the_last_administrator_stays(house):
    client = house.boss()
    none = post(client, f"/desk/accounts/{house.ines}/roles", therapist="")
    assert (none.status_code, "Choose at least one role." in none.text) == (422, True)
    boss = house.row(BOSS).id
    last = post(client, f"/desk/accounts/{boss}/roles", roles="front_desk", therapist="")
    assert (last.status_code, "at least one person who can manage accounts" in last.text) == (
        409,
        True,
    )
    gone = post(client, f"/desk/accounts/{boss}/disable")
    assert gone.status_code == 303
    assert "at least one person who can manage accounts" in client.get(gone.location).text
    assert house.row(BOSS).active


def test_a_disabled_account_is_out_at_once_and_comes_back_enabled(house):
    client, ines = house.boss(), signed_in(house.app)
    post(client, f"/desk/accounts/{house.ines}/disable")
    assert not is_inside(ines)
    assert "Disabled" in client.get("/desk/accounts").text
    refused = post(client, f"/desk/accounts/{house.ines}/link")
    assert "This account is disabled." in client.get(refused.location).text
    post(client, f"/desk/accounts/{house.ines}/enable")
    assert not is_inside(ines)
    assert is_inside(signed_in(house.app))
    ends = [one for one in house.actions() if one.startswith("account.")][-2:]
    assert ends == ["account.deactivated", "account.reactivated"]


def test_somebody_is_signed_out_everywhere_by_an_administrator(house):
    client, ines = house.boss(), signed_in(house.app)
    assert "Sign them out everywhere" in client.get(f"/desk/accounts/{house.ines}").text
    post(client, f"/desk/accounts/{house.ines}/end-sessions")
    assert not is_inside(ines)
    assert house.actions()[-1] == "account.sessions_ended"


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.SUPERVISOR, Role.FRONT_DESK])
def test_nobody_but_administrators_gets_in(app, role):
    with app.app_context():
        account = make_account(make_clinic(), roles=[role]).id
    client = signed_in(app)
    own = f"/desk/accounts/{account}"
    assert [client.get(path).status_code for path in ("/desk/accounts", f"{own}")] == [403, 403]
    for step in ("roles", "link", "end-sessions", "disable", "enable"):
        assert post(client, f"{own}/{step}", roles="admin").status_code == 403
    assert post(client, "/desk/accounts/new", name="x", email="x@example.org").status_code == 403
    assert 'href="/desk/accounts"' not in client.get("/desk/account").text


def test_accounts_that_are_not_there_are_not_found(house):
    client = house.boss()
    assert client.get("/desk/accounts/" + "0" * 32).status_code == 404
    assert post(client, f"/desk/accounts/{'0' * 32}/disable").status_code == 404
    assert post(client, f"/desk/accounts/{'0' * 32}/roles", roles="admin").status_code == 404
