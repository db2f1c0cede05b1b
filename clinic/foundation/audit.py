"""Record who did what to whose record, reads included: append-only and chained.

Retention: entries are kept without limit. No rule deletes them, `operations/housekeeping.py` leaves
them alone, and triggers of the database refuse to change or delete one.

Each entry's MAC covers the entry and the MAC before it, so a changed, removed, inserted or
reordered row is found and named. The head (how many entries there are, and the newest MAC) is
sealed with a keyed MAC of its own, so that a cut tail or an emptied log is found as well; an old
head put back with its old entries is found by an anchor kept outside (`audit_anchors.py`). Entries
hold ids and codes, never names or text.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.foundation.crypto.data_keys import KeyMissing, KeyPurpose, data_key, has_any_key
from clinic.foundation.database.transactions import ID, Base, before_commit
from clinic.foundation.permissions.actors import Actor

ROWS_AT_ONCE = 1000
"""How many entries are held in memory while the chain is verified."""

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
    """The newest entry's number and MAC: writers queue here, so the chain cannot fork.

    `seal` is a MAC over both, keyed with the audit key of the clinic `sealed_by`. Both are empty
    until the first clinic is opened.
    """

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    seal: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_by: Mapped[str | None] = mapped_column(ID)


@dataclass(frozen=True, slots=True)
class AuditRecord:
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
    entry = AuditRecord(now, actor.clinic_id, actor.name, action, kind, object_id)
    actions = before_commit(session)
    for writer in actions:
        if isinstance(writer, _Writer):
            writer.records.append(entry)
            return
    actions.append(_Writer([entry]))


@dataclass(frozen=True, slots=True)
class _Writer:
    """The deeds of one transaction; they are gone when it rolls back."""

    records: list[AuditRecord]

    def __call__(self, session: Session) -> None:
        _write(session, self.records)


def begin_log(session: Session, clinic_id: str) -> None:
    """Seal the head of a log that holds nothing yet, with the key of the first clinic.

    Does nothing when another clinic has done so before.
    """
    query = select(AuditHead).with_for_update().execution_options(populate_existing=True)
    head = session.scalars(query).one()
    if head.seal is None and head.seq == 0:
        _seal(head, clinic_id)


def _write(session: Session, records: Sequence[AuditRecord]) -> None:
    # The UPDATE takes the row lock before the head is read: two writers cannot take one number.
    session.execute(update(AuditHead).values(seq=AuditHead.seq + len(records)))
    head = session.scalars(select(AuditHead).execution_options(populate_existing=True)).one()
    number, mac = head.seq - len(records), head.mac
    for entry in records:
        number, mac = number + 1, _mac(number + 1, entry, mac)
        session.add(
            AuditEntry(
                seq=number,
                at=entry.at,
                clinic_id=entry.clinic_id,
                actor=entry.actor,
                action=entry.action,
                object_kind=entry.object_kind,
                object_id=entry.object_id,
                outcome=entry.outcome,
                mac=mac,
            )
        )
    head.mac = mac
    _seal(head, records[-1].clinic_id)
    session.flush()


def _seal(head: AuditHead, clinic_id: str) -> None:
    head.sealed_by = clinic_id
    head.seal = keyed_mac(clinic_id, ["head", head.seq, head.mac.hex()])


def keyed_mac(clinic_id: str, fields: Sequence[str | int], *, previous: bytes = b"") -> bytes:
    """Return the HMAC-SHA256 of these fields as canonical JSON, under the clinic's audit key.

    Raises `KeyMissing`.
    """
    canonical = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    key = data_key(clinic_id, KeyPurpose.AUDIT).secret
    return hmac.digest(key, previous + canonical, "sha256")


def _mac(seq: int, entry: AuditRecord | AuditEntry, previous: bytes) -> bytes:
    fields: list[str | int] = [
        seq,
        entry.at.isoformat(),
        entry.clinic_id,
        entry.actor,
        entry.action,
    ]
    fields += [entry.object_kind, entry.object_id, entry.outcome]
    return keyed_mac(entry.clinic_id, fields, previous=previous)


def first_broken_entry(session: Session) -> int | None:
    """Verify the whole chain and its head, as of one moment, while others go on writing.

    Ends what the session has read before. Return the number of the first entry that does not fit,
    None when all fit. A cut tail is the first entry that is missing; a head that was not sealed by
    us is the one after the last.
    """
    session.rollback()
    if session.get_bind().dialect.name == "postgresql":  # a reader of SQLite sees one moment anyway
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    head = session.scalars(select(AuditHead)).one_or_none()
    return _first_break(_entries(session), head)


def _entries(session: Session) -> Iterator[AuditEntry]:
    """Yield every entry by its number, a bounded number of rows at a time."""
    query = select(AuditEntry).order_by(AuditEntry.seq).limit(ROWS_AT_ONCE)
    rows = session.scalars(query).all()
    while rows:
        yield from rows
        rows = session.scalars(query.where(AuditEntry.seq > rows[-1].seq)).all()


def _first_break(entries: Iterable[AuditEntry], head: AuditHead | None) -> int | None:
    mac, number = GENESIS, 0
    for entry in entries:
        mac, number = _mac(number + 1, entry, mac), number + 1
        if entry.seq != number or not hmac.compare_digest(mac, entry.mac):
            return number
    if head is None or (number, mac) != (head.seq, head.mac) or not _is_sealed(head):
        return number + 1
    return None


def _is_sealed(head: AuditHead) -> bool:
    """Return whether the head is as we left it: sealed, or untouched before the first clinic."""
    if head.seal is None or head.sealed_by is None:
        return head.seq == 0 and not has_any_key()
    try:
        expected = keyed_mac(head.sealed_by, ["head", head.seq, head.mac.hex()])
    except KeyMissing:
        return False
    return hmac.compare_digest(expected, head.seal)
