"""The mails about staff accounts: a link to set a password, and news of a new password.

Subjects are neutral, links begin with BASE_URL, and redelivered bytes are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from clinic.accounts.models import Account, AccountLink
from clinic.accounts.passwords.links import token_of
from clinic.accounts.rules.password_link_rules import is_open
from clinic.config import current_settings
from clinic.foundation.database.transactions import session
from clinic.foundation.mail.message import OutgoingMail
from clinic.foundation.mail.sending import send_mail
from clinic.foundation.outbox import GiveUp
from clinic.foundation.texts.localized_dates import LOCALES
from clinic.practice.models import Clinic


def send_account_mail(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `account.mail`: the one mail that this message promises."""
    if "link" in payload:
        _send_link(payload["link"], now=now)
    else:
        at = datetime.fromisoformat(payload["at"])
        _send(_account(payload["account"]), "password_changed", key=payload["notice"], at=at)


def _send_link(link_id: str, *, now: datetime) -> None:
    link = session().get(AccountLink, link_id)
    if link is None:
        raise GiveUp
    is_good = is_open(
        expires_at=link.expires_at, used_at=link.used_at, ended_at=link.ended_at, now=now
    )
    if is_good:  # else a newer one is on its way, or the account is closed
        account = _account(link.account_id)
        token = token_of(link, clinic_id=account.clinic_id)
        _send(account, link.purpose, key=link.id, at=link.made_at, path=f"/password/{token}")


def _account(account_id: str) -> Account:
    account: Account | None = session().get(Account, account_id)
    if account is None:
        raise GiveUp
    return account


def _send(account: Account, what: str, *, key: str, at: datetime, path: str = "") -> None:
    settings = current_settings()
    clinic = session().get_one(Clinic, account.clinic_id)
    with force_locale(LOCALES[account.language]):
        subject = _("About your account")
        text = render_template(
            "email/account.txt",
            what=what,
            account=account,
            clinic=clinic,
            at=at,
            base_url=settings.base_url,
            link=settings.base_url + path,
        )
    mail = OutgoingMail(
        to=account.email or "",
        subject=f"{clinic.short_name}: {subject}",
        text=text.strip("\n") + "\n",
        html=None,
        message_id=f"<{key}.account@{urlsplit(settings.base_url).hostname}>",
        date=at,
        sender=settings.mail_sender or clinic.email,
    )
    send_mail(mail)
