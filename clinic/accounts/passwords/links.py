"""Mailed links with which somebody sets their password: made, opened, used once.

Opening a link changes nothing (mail scanners open links); sending its form does. The token is
derived when the mail is written, so that neither the table nor the outbox holds it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.accounts.models import Account, AccountLink
from clinic.accounts.passwords.mail_kinds import ACCOUNT_MAIL, notify_password_changed
from clinic.accounts.passwords.new_passwords import about, check_password
from clinic.accounts.rules.password_hashing import hash_password
from clinic.accounts.rules.password_link_rules import LINK_LASTS, LinkPurpose, is_open
from clinic.accounts.sign_in.credentials import lift_throttle
from clinic.accounts.sign_in.revoke import cut_off, end_links
from clinic.foundation import audit, outbox
from clinic.foundation.crypto.tokens import derived_token, token_hash
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor


class LinkInvalid(NotFound):
    """This link does not open anything (any longer): unknown, used, replaced and expired alike."""

    code = "link-gone"


def send_link(current: Session, account: Account, *, now: datetime) -> AccountLink:
    """Promise a mail with a new link, within the running transaction; older ones end.

    It is an invitation as long as the account has no password.
    """
    end_links(current, account.id, now=now)
    link = AccountLink(
        id=new_id(),
        account_id=account.id,
        purpose=LinkPurpose.RESET if account.password_sealed else LinkPurpose.INVITE,
        made_at=now,
        expires_at=now + LINK_LASTS,
    )
    link.token_hash = token_hash(token_of(link, clinic_id=account.clinic_id))
    current.add(link)
    outbox.promise(current, ACCOUNT_MAIL, {"link": link.id}, now=now)
    return link


def token_of(link: AccountLink, *, clinic_id: str) -> str:
    """The token that opens this link (256 bits under the clinic's own key)."""
    return derived_token(clinic_id, "account-link", link.id)


def open_link(token: str, *, clinic_id: str, now: datetime) -> tuple[AccountLink, Account]:
    """The link and the account a token stands for. Raises `LinkInvalid`."""
    found = session().execute(
        select(AccountLink, Account)
        .join(Account, Account.id == AccountLink.account_id)
        .where(AccountLink.token_hash == token_hash(token), Account.clinic_id == clinic_id)
    )
    pair = found.one_or_none()
    if pair is None:
        raise LinkInvalid
    link, account = pair
    open_ = is_open(
        expires_at=link.expires_at, used_at=link.used_at, ended_at=link.ended_at, now=now
    )
    if not open_ or not _fits(link, account):
        raise LinkInvalid
    return link, account


def set_password_by_link(token: str, *, password: str, clinic_id: str, now: datetime) -> None:
    """Store the password that the holder of a link chose; whatever the account had opened ends.

    Raises `LinkInvalid` (also for the second of two at the same moment) or `WeakPassword`.
    """
    link, account = open_link(token, clinic_id=clinic_id, now=now)
    link_id, account_id = link.id, account.id
    check_password(password, about=about(account))
    kept = hash_password(password)
    with transaction() as current:
        # The account first, as everywhere: so that no two lock each other out.
        account = current.get_one(Account, account_id, with_for_update=True)
        link = _claim(current, link_id, now=now)
        if not _fits(link, account):
            raise LinkInvalid
        account.password, account.update_datetime = kept, now
        lift_throttle(current, account)
        if link.purpose == LinkPurpose.RESET:  # an invited account has opened nothing yet
            cut_off(current, account, now=now)
            notify_password_changed(current, account, now=now)
        _record(current, link, account, now=now)


def _claim(current: Session, link_id: str, *, now: datetime) -> AccountLink:
    """Mark the link as used, if nobody has: one statement, so that one of many succeeds."""
    taken = current.scalar(
        update(AccountLink)
        .where(
            AccountLink.id == link_id,
            AccountLink.used_at.is_(None),
            AccountLink.ended_at.is_(None),
            AccountLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(AccountLink.id)
    )
    if taken is None:
        raise LinkInvalid
    return current.get_one(AccountLink, link_id)


def _fits(link: AccountLink, account: Account) -> bool:
    """Closed accounts open by no link, and an invitation never replaces a password."""
    is_first = link.purpose == LinkPurpose.INVITE
    return account.active and not (is_first and account.password_sealed)


def _record(current: Session, link: AccountLink, account: Account, *, now: datetime) -> None:
    actor = Actor(clinic_id=account.clinic_id, name=f"link:{link.id}")
    action = "account.accepted" if link.purpose == LinkPurpose.INVITE else "account.password_reset"
    audit.record(current, action, kind="account", object_id=account.id, actor=actor, now=now)
