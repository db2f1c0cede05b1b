"""Which promised effects this room answers: kind -> name -> handler; and which call others."""

from __future__ import annotations

from collections.abc import Mapping

from clinic.booking.history import CHANGED
from clinic.foundation.outbox import Handler
from clinic.practice.hours import HOURS_CHANGED
from clinic.scheduling_services.apply import SETTLE, apply_delivery, settle_chain
from clinic.scheduling_services.hours_there import follow_hours
from clinic.scheduling_services.inbox import APPLY
from clinic.scheduling_services.outgoing import SEND, announce_change, send_message
from clinic.scheduling_services.push import follow_change
from clinic.scheduling_services.reconcile import RECONCILE, reconcile_when_due

HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    APPLY: {"apply": apply_delivery},
    SETTLE: {"settle": settle_chain},
    CHANGED: {"calcom": follow_change, "webhooks": announce_change},
    HOURS_CHANGED: {"calcom": follow_hours},
    SEND: {"send": send_message},
    RECONCILE: {"reconcile": reconcile_when_due},
}

LANES: Mapping[str, frozenset[str]] = {
    "calcom": frozenset({CHANGED, HOURS_CHANGED, RECONCILE}),
    "webhooks": frozenset({SEND}),
}
"""What waits for the service's API, and for the clinic's other systems."""
