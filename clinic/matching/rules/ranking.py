"""Which therapists fit: hard filters, published points, reasons and one honest gap.

The rules use only what was asked for and what profiles state. Never used: payment, fee, reviews,
outcomes, photo, a partner's private answers. Source: domain 4. Change `RULE_VERSION` with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clinic.matching.rules.inquiry import Candidate, Inquiry, inputs_hash
from clinic.matching.rules.reasons import NeedRule, Points, Reason, gap_of, points_of, reasons_of

RULE_VERSION = "matching/1"
MOST_SHOWN = 3
_NEVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)

HARD_FILTERS = (
    "not_verified",
    "does_not_take_couples",
    "closed_to_new_couples",
    "no_shared_language",
    "no_shared_format",
    "not_licensed_here",
    "conflict",
)
"""In the order they are asked; the first that fails is the one named."""

_SHOWN_TO_CLIENTS = {
    "not_verified": "not_available",
    "conflict": "not_available",
}


@dataclass(frozen=True, slots=True)
class FilteredOut:
    """A therapist who cannot be offered, with every filter that failed.

    Clients are told `shown_filter`: a conflict would tell one partner about the other.
    """

    candidate_id: int
    slug: str
    filters: tuple[str, ...]

    @property
    def named(self) -> str:
        """The filter named first, for staff."""
        return self.filters[0]

    @property
    def shown_filter(self) -> str:
        """What a client may be told."""
        if "conflict" in self.filters:
            return "not_available"
        return _SHOWN_TO_CLIENTS.get(self.named, self.named)


@dataclass(frozen=True, slots=True)
class Match:
    """A therapist offered, with points, two to four reasons and one gap."""

    candidate_id: int
    slug: str
    points: Points
    reasons: tuple[Reason, ...]
    gap: Reason
    next_slot_at: datetime | None

    def reasons_for(self, partner: str | None) -> tuple[Reason, ...]:
        """The reasons that `partner` may read: none that rests on the other's private wish."""
        return tuple(one for one in self.reasons if one.only_for in {None, partner})


@dataclass(frozen=True, slots=True)
class MatchResult:
    """`outcome` is `matched`, `waitlist` (nobody passed) or `human_review` (safety first).

    `failed_filters` counts, most frequent first, the filter named for each therapist left out.
    """

    outcome: str
    matches: tuple[Match, ...]
    filtered_out: tuple[FilteredOut, ...]
    failed_filters: tuple[tuple[str, int], ...]
    rule_version: str
    inputs: str


def match(
    inquiry: Inquiry,
    *,
    candidates: Iterable[Candidate],
    needs: Mapping[str, NeedRule],
    now: datetime,
) -> MatchResult:
    """Up to three therapists for `inquiry`, best first, and why the others are not offered."""
    known = tuple(sorted(candidates, key=lambda one: one.id))
    digest = inputs_hash(inquiry, candidates=known, now=now)
    if inquiry.safety_concern:
        return MatchResult("human_review", (), (), (), RULE_VERSION, digest)
    sieved = [(one, failed_filters(inquiry, candidate=one)) for one in known]
    left_out = tuple(FilteredOut(one.id, one.slug, failed) for one, failed in sieved if failed)
    passed = [one for one, failed in sieved if not failed]
    ranked = sorted(passed, key=lambda one: _rank(inquiry, one, needs, now))[:MOST_SHOWN]
    return MatchResult(
        outcome="matched" if ranked else "waitlist",
        matches=tuple(_match(inquiry, one, needs, now) for one in ranked),
        filtered_out=left_out,
        failed_filters=_counted(left_out),
        rule_version=RULE_VERSION,
        inputs=digest,
    )


def failed_filters(inquiry: Inquiry, *, candidate: Candidate) -> tuple[str, ...]:
    """The hard filters this therapist does not pass, in order."""
    languages = frozenset(candidate.languages).intersection(
        *(p.languages() for p in inquiry.partners)
    )
    formats = frozenset(candidate.formats).intersection(*(p.formats() for p in inquiry.partners))
    passed = {
        "not_verified": candidate.verified,
        "does_not_take_couples": candidate.takes_couples,
        "closed_to_new_couples": candidate.accepts_new_couples,
        "no_shared_language": bool(languages),
        "no_shared_format": bool(formats),
        "not_licensed_here": inquiry.place is None or inquiry.place in candidate.licensed_places,
        "conflict": not candidate.conflict,
    }
    return tuple(name for name in HARD_FILTERS if not passed[name])


def _rank(
    inquiry: Inquiry, candidate: Candidate, needs: Mapping[str, NeedRule], now: datetime
) -> tuple[int, datetime, int, int]:
    """Most points; then earliest slot, fewest new couples in 30 days, lowest id."""
    points = points_of(inquiry, candidate=candidate, needs=needs, now=now).total
    slot = candidate.next_slot_at or _NEVER
    return (-points, slot, candidate.new_couples_30_days, candidate.id)


def _match(
    inquiry: Inquiry, candidate: Candidate, needs: Mapping[str, NeedRule], now: datetime
) -> Match:
    points = points_of(inquiry, candidate=candidate, needs=needs, now=now)
    return Match(
        candidate_id=candidate.id,
        slug=candidate.slug,
        points=points,
        reasons=reasons_of(inquiry, candidate=candidate, needs=needs, points=points),
        gap=gap_of(inquiry, candidate=candidate, needs=needs, points=points),
        next_slot_at=candidate.next_slot_at,
    )


def _counted(left_out: tuple[FilteredOut, ...]) -> tuple[tuple[str, int], ...]:
    counts = Counter(one.named for one in left_out)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], HARD_FILTERS.index(item[0]))))
