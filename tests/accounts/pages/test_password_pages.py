"""Forgotten passwords and mailed links in the browser."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from clinic.accounts.models import Account, AccountLink
from clinic.extensions import db
from clinic.foundation.permissions.actors import Role
from tests.support.accounts.mailbox import link_in, sent_mails, text_of
from tests.support.accounts.sign_in import (
    EMAIL,
    TOKEN_FIELD,
    clinic_with_account,
    csrf_token,
    is_inside,
    post,
    sign_in,
    signed_in,
)
from tests.support.factories import PASSWORD

NEW = "a quiet harbour at dusk"


def ask(client, email=EMAIL, **request):
    token = csrf_token(client, "/login/forgotten")
    return client.post("/login/forgotten", data={"csrf_token": token, "email": email}, **request)


def choose(client, path, new=NEW):
    return client.post(path, data={"csrf_token": csrf_token(client, path), "new": new})


def link_state(app):
    with app.app_context():
        return db.session.execute(select(AccountLink.used_at, AccountLink.ended_at)).all()


def test_the_sign_in_page_leads_to_a_new_password(app, client):
    clinic_with_account(app)
    assert 'href="/login/forgotten"' in client.get("/login").text
    assert ask(client).status_code == 200
    (mail,) = sent_mails(app)
    done = choose(client, link_in(mail))
    assert (done.status_code, done.location) == (302, "/login")
    assert sign_in(client, password=PASSWORD).status_code == 422
    sign_in(client, password=NEW)
    assert is_inside(client)


def test_a_mailed_link_lets_a_new_browser_in_where_strangers_have_used_up_the_address(app, client):
    clinic_with_account(app)
    for n in range(31):
        sign_in(app.test_client(), email=f"made-up{n}@example.org", password="x")
    assert sign_in(client).status_code == 429

    ask(client)
    choose(client, link_in(sent_mails(app)[0]))

    assert sign_in(app.test_client(), password=NEW).status_code == 429
    assert sign_in(client, password=NEW).status_code == 302


def test_the_answer_is_the_same_for_every_address(app):
    clinic_with_account(app)
    answers = [ask(app.test_client(), email=email) for email in (EMAIL, "nobody@example.org")]
    assert {(one.status_code, TOKEN_FIELD.sub("", one.text)) for one in answers} == {
        (200, answers[0].text)
    }
    assert "If there is an account with this address" in answers[0].text


def test_a_network_that_asks_too_often_is_told_to_wait(app):
    clinic_with_account(app)
    for number in range(20):
        ask(app.test_client(), email=f"a{number}@example.org")
    refused = ask(app.test_client())
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert "There were too many tries." in refused.text


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("", "Please enter your e-mail address."),
        ("x" * 255, "This does not look like an e-mail address."),
        ("not an address", "This does not look like an e-mail address."),
    ],
)
def test_an_address_that_cannot_be_one_is_said_at_its_field(app, client, email, said):
    clinic_with_account(app)
    response = ask(client, email=email)
    assert (response.status_code, said in response.text) == (422, True)


def test_asking_and_choosing_need_the_token_of_their_form(app, client):
    clinic_with_account(app)
    assert client.post("/login/forgotten", data={"email": EMAIL}).status_code == 400
    ask(client)
    path = link_in(sent_mails(app)[0])
    assert client.post(path, data={"new": NEW}).status_code == 400
    assert link_state(app) == [(None, None)]


def test_links_begin_with_our_own_address_whatever_host_was_asked(app, client):
    """Indico 2.3.4 built them from the Host header."""
    clinic_with_account(app)
    ask(client, headers={"Host": "localhost", "X-Forwarded-Host": "evil.example"})
    ask(client, base_url="http://evil.example")
    (mail, *_more) = sent_mails(app)
    assert re.findall(r"https?://\S+", text_of(mail))[0].startswith("http://localhost/password/")
    assert "evil.example" not in mail.as_string()


def test_scanners_that_open_the_link_change_nothing(app, client):
    clinic_with_account(app)
    ask(client)
    path = link_in(sent_mails(app)[0])
    for look in (client.get, client.head, client.get):
        assert look(path).status_code == 200
    assert link_state(app) == [(None, None)]


def test_the_page_behind_a_link_names_nobody_and_is_not_kept(app, client):
    clinic_with_account(app)
    ask(client)
    page = client.get(link_in(sent_mails(app)[0]))
    assert not any(word in page.text for word in ("Inês", "Duarte", EMAIL))
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (
        "no-store",
        "noindex, nofollow",
    )


def test_a_used_link_and_a_made_up_one_say_the_same(app, client):
    clinic_with_account(app)
    ask(client)
    path = link_in(sent_mails(app)[0])
    choose(client, path)
    client.get("/login")  # where it says that the password is set
    gone = [client.get(one) for one in (path, "/password/made-up", "/password/" + "x" * 500)]
    assert {one.status_code for one in gone} == {404}
    assert len({one.text.replace(path, "/password/made-up") for one in gone[:2]}) == 1
    assert all("This link no longer works" in one.text for one in gone)


def test_a_weak_password_is_refused_and_never_shown_again(app, client):
    clinic_with_account(app)
    ask(client)
    path = link_in(sent_mails(app)[0])
    refused = choose(client, path, "short")
    assert (refused.status_code, 'value="short"' in refused.text) == (422, False)
    assert "Please use at least 15 characters" in refused.text
    assert choose(client, path).status_code == 302


def test_a_new_password_of_ones_own_is_told_by_mail(app):
    clinic_with_account(app)
    client = signed_in(app)
    post(client, "/desk/account/password", present=PASSWORD, new=NEW)
    (mail,) = sent_mails(app)
    assert (mail["To"], mail["Subject"]) == (EMAIL, "Clinic: About your account")
    assert "The password of your account was changed" in text_of(mail)


def test_what_else_is_sent_with_a_new_password_changes_nothing(app):
    """CVE-2026-23478, Cal.com: the profile took e-mail and identity from the browser."""
    account = clinic_with_account(app)
    client = signed_in(app)
    more = {"email": "evil@example.org", "id": "0" * 32, "role_names": "admin", "roles": "admin"}
    post(client, "/desk/account/password", present=PASSWORD, new=NEW, **more)
    with app.app_context():
        row = db.session.get_one(Account, account.id)
        assert (row.email, row.role_names) == (EMAIL, [Role.THERAPIST.value])
