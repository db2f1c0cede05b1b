"""Sealing a note: canonical bytes, a digest that holds the one before it, and the steps to it.

A sealed note is never changed; what follows is an addendum. Source: domain 3.3.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic.foundation.errors import N_, ClinicError, Conflict

RECALL_WINDOW = timedelta(minutes=15)
LATE_AFTER = timedelta(hours=72)
UNSIGNED_OVERDUE_AFTER = timedelta(hours=48)
_DOMAIN = b"note-seal/1\n"


class CannotSeal(ClinicError):
    """The content holds a value that has no single written form."""

    code = "cannot-seal"


class StepRefused(Conflict):
    """The note is not at the stage for this step; `allowed` names the ones that are possible."""

    code = "note-step-refused"

    def __init__(
        self,
        message: str,
        *,
        allowed: tuple[NoteStep, ...],
        terms: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.allowed = allowed
        self.terms = terms or {}
        self.details = {"allowed": [step.value for step in allowed]}

    def __str__(self) -> str:
        """With what is possible instead."""
        return f"{super().__str__()} Possible now: {', '.join(self.allowed) or 'none'}."


class NoteStatus(StrEnum):
    """How far a note has come."""

    DRAFT = "draft"
    READY = "ready"
    SIGNED = "signed"
    COSIGN_PENDING = "cosign_pending"
    COSIGNED = "cosigned"


class NoteStep(StrEnum):
    """What can be done with a note."""

    MARK_READY = "mark_ready"
    BACK_TO_DRAFT = "back_to_draft"
    SIGN = "sign"
    SIGN_FOR_COSIGN = "sign_for_cosign"
    RECALL = "recall"
    COSIGN = "cosign"


_STEPS: dict[NoteStatus, dict[NoteStep, NoteStatus]] = {
    NoteStatus.DRAFT: {NoteStep.MARK_READY: NoteStatus.READY},
    NoteStatus.READY: {
        NoteStep.BACK_TO_DRAFT: NoteStatus.DRAFT,
        NoteStep.SIGN: NoteStatus.SIGNED,
        NoteStep.SIGN_FOR_COSIGN: NoteStatus.COSIGN_PENDING,
    },
    NoteStatus.SIGNED: {NoteStep.RECALL: NoteStatus.DRAFT},
    NoteStatus.COSIGN_PENDING: {
        NoteStep.COSIGN: NoteStatus.COSIGNED,
        NoteStep.RECALL: NoteStatus.DRAFT,
    },
    NoteStatus.COSIGNED: {},
}


@dataclass(frozen=True, slots=True)
class SealedNote:
    """One link of a couple's chain, in the order of sealing."""

    ref: str
    content: Mapping[str, object]
    previous_digest: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first link that does not hold. `cause` is `content` or `link`."""

    position: int
    ref: str
    cause: str


def canonical_bytes(content: object) -> bytes:
    """`content` as JSON in its one form: sorted keys, no spaces, NFC, UTF-8.

    Only text, whole numbers, true, false, null, lists and objects; a float is refused, because
    two programs may write the same one differently.
    """
    plain = _plain(content, place="content")
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def digest(content: object, *, previous_digest: str | None) -> str:
    """The SHA-256, in hex, of the content together with the digest sealed before it."""
    before = (previous_digest or "").encode("ascii")
    return hashlib.sha256(_DOMAIN + before + b"\n" + canonical_bytes(content)).hexdigest()


def first_break(chain: Iterable[SealedNote]) -> ChainBreak | None:
    """The first link whose content or whose tie to the one before has changed; None if sound."""
    previous: str | None = None
    for position, sealed in enumerate(chain):
        if sealed.previous_digest != previous:
            return ChainBreak(position, sealed.ref, "link")
        if digest(sealed.content, previous_digest=previous) != sealed.digest:
            return ChainBreak(position, sealed.ref, "content")
        previous = sealed.digest
    return None


def allowed_steps(
    status: NoteStatus, *, signed_at: datetime | None = None, now: datetime
) -> tuple[NoteStep, ...]:
    """The steps possible at `now`; recall only until the note is sealed."""
    steps = tuple(_STEPS[status])
    if signed_at is not None and not is_sealed(signed_at, now=now):
        return steps
    return tuple(step for step in steps if step is not NoteStep.RECALL)


def next_status(
    status: NoteStatus, *, step: NoteStep, signed_at: datetime | None = None, now: datetime
) -> NoteStatus:
    """The status after `step`, or `StepRefused` with the possible ones."""
    allowed = allowed_steps(status, signed_at=signed_at, now=now)
    if step not in allowed:
        sealed = step is NoteStep.RECALL and step in _STEPS[status]
        if sealed:
            raise StepRefused(N_("The note is sealed; add an addendum."), allowed=allowed)
        why, terms = N_("The note is “%(status)s”."), {"status": ("note_status", status.value)}
        raise StepRefused(why, allowed=allowed, terms=terms)
    return _STEPS[status][step]


def is_sealed(signed_at: datetime, *, now: datetime) -> bool:
    """Whether the time for a recall, fifteen minutes, has passed."""
    return now >= signed_at + RECALL_WINDOW


def is_late_entry(
    session_ended_at: datetime, *, written_at: datetime, after: timedelta = LATE_AFTER
) -> bool:
    """Written more than `after` (72 h) after the session: it carries the label and a reason."""
    return written_at - session_ended_at > after


def is_overdue(
    session_ended_at: datetime,
    *,
    status: NoteStatus,
    after: timedelta = UNSIGNED_OVERDUE_AFTER,
    now: datetime,
) -> bool:
    """Still unsigned more than `after` (48 h) after the session."""
    unsigned = status in {NoteStatus.DRAFT, NoteStatus.READY}
    return unsigned and now - session_ended_at > after


def _plain(value: object, *, place: str) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return _plain_object(value, place)
    if isinstance(value, list | tuple):
        return [_plain(one, place=f"{place}[{at}]") for at, one in enumerate(value)]
    raise CannotSeal(f"{place}: {type(value).__name__} has no single written form.")


def _plain_object(value: Mapping[object, object], place: str) -> dict[str, object]:
    plain: dict[str, object] = {}
    for key, one in value.items():
        if not isinstance(key, str):
            raise CannotSeal(f"{place}: the key {key!r} is not text.")
        name = unicodedata.normalize("NFC", key)
        if name in plain:
            raise CannotSeal(f"{place}: the key {name!r} is there twice.")
        plain[name] = _plain(one, place=f"{place}.{name}")
    return plain
