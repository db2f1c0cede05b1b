"""Who did what to whose record, reads included: append-only and chained.

Each entry's MAC covers the entry and the MAC before it, so a changed, removed, inserted or
reordered row is found and named. Entries hold ids and codes, never names or text.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.foundation.database import ID, Base, before_commit
from clinic.foundation.permissions import Actor
from clinic.foundation.vault import KeyPurpose, data_key

GENESIS = b"\x00" * 32


class AuditEntry(Base):
    """One line of the log."""

    __tablename__ = "audit_entry"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    clinic_id: Mapped[str] = mapped_column(ID)
    actor: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    outcome: Mapped[str]
    mac: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """The newest entry's number and MAC: writers queue here, so the chain cannot fork."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    mac: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be recorded when the transaction commits."""

    at: datetime
    clinic_id: str
    actor: str
    action: str
    object_kind: str
    object_id: str
    outcome: str = "done"


def record(
    session: Session, action: str, *, kind: str, object_id: str, actor: Actor, now: datetime
) -> None:
    """Note a deed; it is chained and written as the last step of the running transaction."""
    deed = Deed(now, actor.clinic_id, actor.name, action, kind, object_id)
    actions = before_commit(session)
    for writer in actions:
        if isinstance(writer, _Writer):
            writer.deeds.append(deed)
            return
    actions.append(_Writer([deed]))


@dataclass(frozen=True, slots=True)
class _Writer:
    """The deeds of one transaction; they are gone when it rolls back."""

    deeds: list[Deed]

    def __call__(self, session: Session) -> None:
        _write(session, self.deeds)


def _write(session: Session, deeds: Sequence[Deed]) -> None:
    # The UPDATE takes the row lock before the head is read: two writers cannot take one number.
    session.execute(update(AuditHead).values(seq=AuditHead.seq + len(deeds)))
    head = session.scalars(select(AuditHead).execution_options(populate_existing=True)).one()
    number, mac = head.seq - len(deeds), head.mac
    for deed in deeds:
        number, mac = number + 1, _mac(number + 1, deed, mac)
        session.add(
            AuditEntry(
                seq=number,
                at=deed.at,
                clinic_id=deed.clinic_id,
                actor=deed.actor,
                action=deed.action,
                object_kind=deed.object_kind,
                object_id=deed.object_id,
                outcome=deed.outcome,
                mac=mac,
            )
        )
    head.mac = mac
    session.flush()


def _mac(seq: int, deed: Deed | AuditEntry, previous: bytes) -> bytes:
    fields = [seq, deed.at.isoformat(), deed.clinic_id, deed.actor, deed.action]
    fields += [deed.object_kind, deed.object_id, deed.outcome]
    canonical = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    key = data_key(deed.clinic_id, KeyPurpose.AUDIT).secret
    return hmac.digest(key, previous + canonical, "sha256")


def first_broken_entry(session: Session) -> int | None:
    """Verify the whole chain; the number of the first entry that does not fit, or None."""
    head = session.scalars(select(AuditHead)).one()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    return _first_break(entries, head)


def _first_break(entries: Iterable[AuditEntry], head: AuditHead) -> int | None:
    mac, number = GENESIS, 0
    for entry in entries:
        mac, number = _mac(number + 1, entry, mac), number + 1
        if entry.seq != number or not hmac.compare_digest(mac, entry.mac):
            return number
    if (number, mac) != (head.seq, head.mac):
        return number + 1
    return None
