from __future__ import annotations

import pytest

from clinic.accounts.administration.own_password import change_own_password
from clinic.accounts.administration.service import invite_account, send_password_link
from clinic.accounts.sign_in.sessions import check_session, start_session
from clinic.foundation.permissions.actors import Actor, Role
from tests.support.accounts.mailbox import LINK, sent_mails, text_of
from tests.support.factories import NOW, PASSWORD, make_account, make_clinic


@pytest.fixture
def clinic(context):
    return make_clinic()


def system_of(clinic):
    return Actor(clinic_id=clinic.id, name="system:test", is_system=True)


def plain(mail):
    """The mail with its token made plain."""
    text = LINK.sub("    http://localhost/password/TOKEN", text_of(mail))
    return f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{text}"


@pytest.mark.parametrize("language", ["en", "pt"])
def test_an_invitation_in_the_language_of_the_invited(clinic, app, golden, language):
    invite_account(
        email="marta@example.org",
        name="Marta Vale",
        roles=[Role.THERAPIST],
        language=language,
        actor=system_of(clinic),
        now=NOW,
    )
    (mail,) = sent_mails(app)
    golden(f"email/account_invited_{language}.txt", plain(mail))


def test_a_link_for_a_new_password(clinic, app, golden):
    account = make_account(clinic)
    send_password_link(account.id, actor=system_of(clinic), now=NOW)
    (mail,) = sent_mails(app)
    golden("email/account_reset.txt", plain(mail))


def test_only_the_newest_of_several_links_is_mailed(clinic, app):
    account = make_account(clinic)
    for _ in range(3):
        send_password_link(account.id, actor=system_of(clinic), now=NOW)
    assert len(sent_mails(app)) == 1


def test_news_of_a_new_password(clinic, app, golden):
    account = make_account(clinic, language="pt")
    token = start_session(account, address=None, now=NOW)
    change_own_password(
        present=PASSWORD,
        new="a quiet harbour at dusk",
        address=None,
        session_id=check_session(token, now=NOW).row.id,
        actor=Actor(
            clinic_id=clinic.id,
            name="account:x",
            account_id=account.id,
            roles=frozenset({Role.THERAPIST}),
        ),
        now=NOW,
    )
    (mail,) = sent_mails(app)
    golden("email/account_password_changed_pt.txt", plain(mail))
