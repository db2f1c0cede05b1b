"""What a couple asks for and what a therapist offers, as plain values. Source: domain 4."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PartnerWishes:
    """One partner's wishes. What is preferred is also acceptable.

    `preferences` are optional codes (`gender:woman`, `experience:lgbtq`), told to nobody else.
    """

    partner: str
    languages_preferred: tuple[str, ...]
    languages_acceptable: tuple[str, ...] = ()
    formats_preferred: tuple[str, ...] = ()
    formats_acceptable: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()

    def languages(self) -> frozenset[str]:
        """Every language this partner accepts."""
        return frozenset(self.languages_preferred) | frozenset(self.languages_acceptable)

    def formats(self) -> frozenset[str]:
        """Every format this partner accepts."""
        return frozenset(self.formats_preferred) | frozenset(self.formats_acceptable)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One enquiry: one to three needs, the first the weightiest, and one or two partners' wishes.

    `safety_concern` is true when the private safety question was answered with anything but no.
    `place` is the clients' place where licences matter, else None.
    """

    needs: tuple[str, ...]
    partners: tuple[PartnerWishes, ...]
    safety_concern: bool = False
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A therapist as the rules see one.

    `concerns` are codes of needs or of vocabulary terms, evidenced and approved. `next_slot_at`
    is the first free joint time inside both partners' windows. `conflict` is set when the
    therapist already sees one partner alone or may not take this couple for another reason.
    """

    id: int
    slug: str
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    modalities: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    verified: bool = True
    takes_couples: bool = True
    accepts_new_couples: bool = True
    licensed_places: tuple[str, ...] = ()
    conflict: bool = False
    next_slot_at: datetime | None = None
    new_couples_30_days: int = 0


def inputs_hash(inquiry: Inquiry, *, candidates: tuple[Candidate, ...], now: datetime) -> str:
    """A digest of everything a match was made from, for the record; order of candidates aside."""
    told = {
        "inquiry": asdict(inquiry),
        "candidates": [asdict(one) for one in sorted(candidates, key=lambda one: one.id)],
        "now": now.isoformat(),
    }
    text = json.dumps(told, sort_keys=True, default=lambda instant: instant.isoformat())
    return hashlib.sha256(text.encode()).hexdigest()
