"""Who asks: staff with their roles, the holder of a link, a visitor, a partner, or the system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member of staff is. One account may have several."""

    ADMIN = "admin"
    THERAPIST = "therapist"
    SUPERVISOR = "supervisor"
    FRONT_DESK = "front_desk"


class LinkChannel(StrEnum):
    """How a link to an appointment reached whoever holds it."""

    MAILED = "mailed"
    """Sent to a partner's address: its holder reads that mailbox, and acts as that partner."""
    SHOWN = "shown"
    """Shown to whoever booked: its holder knew the address, which anybody may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking: a member of staff, the holder of a link, a visitor, or the system itself."""

    clinic_id: str
    name: str = "visitor"
    """What the audit log calls them: `account:<id>`, `link:<member>` (mailed), `shown:<link>`,
    `visitor`, `system:<what>`."""
    account_id: str | None = None
    roles: frozenset[Role] = frozenset()
    therapist_id: str | None = None
    appointment_id: str | None = None
    """The one appointment that the link held opens."""
    link: LinkChannel | None = None
    """How that link reached them; it bounds what they may do (`LINK_MAY`)."""
    member_id: str | None = None
    """Which partner of a couple they are: by the link mailed to them, or signed in."""
    couple_id: str | None = None
    """The couple of a partner who signed in for themselves. A link never sets it: what a mail can
    be forwarded with opens an appointment and nothing of a record."""
    is_system: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether they signed in as staff."""
        return bool(self.roles)
