"""The couple's cycle as a picture (chart 7): two sides, each with what shows and what lies below.

What one partner does is what the other one takes to mean something: two arrows close the ring.
Texts stay texts, so that they wrap and are read; the page draws the arrows. Source: domain 2.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from clinic.notes.charts.picture import Table
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart

SHOWS = ("move", "perception", "secondary_emotion")
UNDERNEATH = ("primary_emotion", "need")
NOT_TOLD = "—"


@dataclass(frozen=True, slots=True)
class CycleSide:
    """One partner's side: (field, text) above and below the line; empty when it is not shown."""

    partner: str
    position: str | None
    shows: tuple[tuple[str, str], ...]
    underneath: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it is told."""
        return not (self.position or self.shows or self.underneath)


@dataclass(frozen=True, slots=True)
class CycleChart:
    """The picture and the table beside it; the table's head holds the partners' places."""

    trigger: str
    pattern: str | None
    sides: tuple[CycleSide, ...]
    table: Table


def cycle_chart(details: CycleDetails, *, partners: Iterable[str]) -> CycleChart:
    """The picture of one version, a side for each partner in their order."""
    parts = {part.partner: part for part in details.parts}
    known = tuple(dict.fromkeys((*partners, *parts)))
    sides = tuple(_side(parts.get(slot, CyclePart(slot))) for slot in known)
    rows = tuple(
        (name, *(getattr(parts.get(slot), name, None) or NOT_TOLD for slot in known))
        for name in ("position", *SHOWS, *UNDERNEATH)
    )
    return CycleChart(details.trigger, details.pattern, sides, Table(("part", *known), rows))


def partner_safe_cycle(details: CycleDetails, *, viewer: str | None) -> CycleDetails:
    """What a partner may see of a version: what sets it off, the pattern, their own part."""
    return replace(details, parts=tuple(one for one in details.parts if one.partner == viewer))


def _side(part: CyclePart) -> CycleSide:
    return CycleSide(
        part.partner, part.position, _filled_in(part, SHOWS), _filled_in(part, UNDERNEATH)
    )


def _filled_in(part: CyclePart, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name in names if (text := getattr(part, name)))
