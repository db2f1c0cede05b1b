"""Anchors of the audit log: signed statements of what it held, to be kept outside the database.

An anchor names the newest entry of a moment by its number and MAC. Whoever holds one can tell
later whether the log still holds that entry: a log that was set back to an older state, head and
all, does not. Kept in a file of the instance folder, and sent once a day to another place.
Source: reliability.md 5 (anchor the head outside).
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.foundation import outbox
from clinic.foundation.audit import AuditEntry, AuditHead, keyed_mac
from clinic.foundation.crypto.data_keys import KeyMissing
from clinic.foundation.database.transactions import lock_name, transaction
from clinic.foundation.errors import ClinicError
from clinic.foundation.outbox import OutboxMessage

ANCHORED = "audit.anchored"
FILE = "audit_anchors.jsonl"
LONGEST_LINE = 1000
"""Characters of a line that is still read as an anchor."""
AT_MOST_EVERY = timedelta(hours=20)
"""Several workers, or one that is started anew, make one anchor a day."""
OVERDUE_AFTER = timedelta(hours=48)
"""A log that goes on without a new anchor for so long is reported."""


class AnchorUnreadable(ClinicError):
    """This line is no anchor."""

    status = 422
    code = "anchor-unreadable"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the log held at an instant: `seq` entries, the last with this `mac` (hexadecimal)."""

    at: str
    clinic: str
    seq: int
    mac: str
    signature: str = ""

    @property
    def line(self) -> str:
        """The anchor as one line of JSON, as it is stored and sent."""
        return json.dumps(asdict(self), separators=(",", ":"))


def read_anchor(line: str) -> Anchor:
    """Read a line made by `Anchor.line`. Raises `AnchorUnreadable`."""
    try:
        found = json.loads(line) if len(line) <= LONGEST_LINE else None
        anchor = Anchor(**dict(found or {}))
        datetime.fromisoformat(anchor.at)
        bytes.fromhex(anchor.signature)
        texts = all(isinstance(one, str) for one in (anchor.clinic, anchor.mac))
    except (ValueError, TypeError, RecursionError):
        raise AnchorUnreadable("This is not a line that holds an anchor.") from None
    if not texts or type(anchor.seq) is not int:
        raise AnchorUnreadable("This is not a line that holds an anchor.")
    return anchor


def sign_anchor(session: Session, *, now: datetime) -> Anchor | None:
    """Return a signed anchor of the log as it stands; None while no clinic has been opened."""
    head = session.scalars(select(AuditHead).execution_options(populate_existing=True)).one()
    if head.sealed_by is None:
        return None
    at = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return _signed(Anchor(at=at, clinic=head.sealed_by, seq=head.seq, mac=head.mac.hex()))


def _signed(anchor: Anchor) -> Anchor:
    return replace(anchor, signature=_signature(anchor).hex())


def _signature(anchor: Anchor) -> bytes:
    return keyed_mac(anchor.clinic, ["anchor", anchor.at, anchor.seq, anchor.mac])


def anchor_daily(*, now: datetime) -> None:
    """Promise one anchor for each place it is kept in, unless one was made lately."""
    with transaction() as current:
        lock_name(current, b"audit-anchor")
        lately = select(OutboxMessage.id).where(
            OutboxMessage.kind == ANCHORED, OutboxMessage.promised_at > now - AT_MOST_EVERY
        )
        if current.scalar(lately.limit(1)) is None and (anchor := sign_anchor(current, now=now)):
            outbox.promise(current, ANCHORED, asdict(anchor), now=now)


def store_anchor(folder: Path, anchor: Anchor) -> None:
    """Append the anchor to the file of the instance folder (mode 0600), once."""
    path = folder / FILE
    if anchor.line in _lines(path):
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(anchor.line + "\n")
        file.flush()
        os.fsync(file.fileno())


def stored_anchors(folder: Path) -> list[str]:
    """Return the lines of the file of the instance folder, oldest first."""
    return list(_lines(folder / FILE))


def _lines(path: Path) -> Iterator[str]:
    if path.exists():
        text = path.read_text(encoding="utf-8", errors="replace")
        yield from (line for line in text.splitlines() if line.strip())


def anchor_problems(session: Session, lines: Iterable[str]) -> list[str]:
    """Return a sentence for each anchor that the log does not bear out."""
    return [problem for line in lines if (problem := _problem(session, line)) is not None]


def _problem(session: Session, line: str) -> str | None:
    try:
        anchor = read_anchor(line)
        is_ours = hmac.compare_digest(_signature(anchor), bytes.fromhex(anchor.signature))
    except (AnchorUnreadable, KeyMissing):
        return f"This anchor cannot be read, or is of another installation: {line[:80]}"
    if not is_ours:
        return f"The anchor of {anchor.at} was not signed here."
    mac = session.scalar(select(AuditEntry.mac).where(AuditEntry.seq == anchor.seq))
    if anchor.seq > 0 and mac is None:
        return f"entry {anchor.seq} of the audit log, there at {anchor.at}, is gone."
    if mac is not None and mac.hex() != anchor.mac:
        return f"entry {anchor.seq} of the audit log is not the one it was at {anchor.at}."
    return None


def last_anchored(session: Session, lines: Iterable[str]) -> datetime | None:
    """Return when the newest readable anchor was made, else when the log began, if it did."""
    made = [datetime.fromisoformat(one.at) for one in map(_readable, lines) if one is not None]
    began = session.scalar(select(AuditEntry.at).order_by(AuditEntry.seq).limit(1))
    return max(made, default=began)


def _readable(line: str) -> Anchor | None:
    try:
        return read_anchor(line)
    except AnchorUnreadable:
        return None
