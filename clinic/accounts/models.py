"""Staff accounts, their sessions as rows, and the count of failed sign-ins.

The columns that Flask-Security names are named as it names them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security.core import UserMixin, WebAuthnMixin
from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.accounts.rules.password_hashing import matches
from clinic.foundation.crypto.sealed_text import SealedText
from clinic.foundation.database.transactions import ID, Base, new_id


class Account(Base, UserMixin):  # type: ignore[misc]
    """A member of staff who can sign in."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    clinic_id: Mapped[str] = mapped_column(ForeignKey("clinic.id"))
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    password_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    role_names: Mapped[list[str]] = mapped_column(JSON, default=list)
    therapist_id: Mapped[str | None] = mapped_column(ForeignKey("therapist.id"))
    language: Mapped[str] = mapped_column(String(2), default="en")
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)
    create_datetime: Mapped[datetime]
    update_datetime: Mapped[datetime | None]

    name = SealedText()
    email = SealedText()
    password = SealedText()
    """The argon2id hash, sealed: a stolen database alone gives nothing to guess against
    (NIST SP 800-63B-4, 3.1.1.2, asks for a keyed step with the key kept elsewhere)."""
    tf_totp_secret = SealedText()

    webauthn: Mapped[list[Passkey]] = relationship(back_populates="account")

    @property
    def seal_owner(self) -> str:
        """Sealed with the clinic's key."""
        return self.clinic_id

    @property
    def roles(self) -> list[Any]:
        """Flask-Security's own roles are not used: `role_names` and the access policy are."""
        return []

    def verify_and_update_password(self, password: str) -> bool:
        """Only verify: a hash of older strength is renewed by `credentials`, in a transaction."""
        return matches(password, self.password)


class Passkey(Base, WebAuthnMixin):  # type: ignore[misc]
    """A passkey of an account."""

    __tablename__ = "passkey"

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(JSON)
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    create_datetime: Mapped[datetime]
    lastuse_datetime: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))

    account: Mapped[Account] = relationship(back_populates="webauthn")


class StaffSession(Base):
    """One signed-in browser: ended here, it is ended everywhere."""

    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_account_id", "account_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime]
    """When the password (or a passkey) was last shown in this session."""
    ended_at: Mapped[datetime | None]
    browser: Mapped[str] = mapped_column(String(80), default="")
    address_index: Mapped[bytes] = mapped_column(LargeBinary)
    """Blind index of the network it was started from: known to the owner's throttling."""


class KnownDevice(Base):
    """One browser in which an account has signed in, and the failed tries made there since."""

    __tablename__ = "known_device"
    __table_args__ = (
        UniqueConstraint("token_hash", "account_id"),
        Index("ix_known_device_account_id", "account_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    session_id: Mapped[str | None] = mapped_column(ID)
    """The session that the last sign-in there began; None after a password set by a mailed link."""
    known_since: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime | None]


class AccountLink(Base):
    """One mailed link with which somebody sets their password, once."""

    __tablename__ = "account_link"
    __table_args__ = (
        CheckConstraint("purpose IN ('invite', 'reset')", "purpose"),
        Index("ix_account_link_account_id", "account_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    purpose: Mapped[str] = mapped_column(String(8))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When a newer link took its place, or the account was closed."""


class FailedSignIn(Base):
    """Failed tries by account, by address and by both, so that throttling outlives a restart."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (UniqueConstraint("scope", "key_hash"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    scope: Mapped[str] = mapped_column(String(12))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """A blind index, so that neither addresses nor e-mails can be read here."""
    failures: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime]
