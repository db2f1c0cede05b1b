"""Deliver anchors of the audit log: into a file, and to a place outside by mail or webhook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from clinic.config import current_settings
from clinic.foundation.audit_anchors import Anchor, store_anchor
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import Unavailable
from clinic.foundation.outbound.allowed_addresses import Guard
from clinic.foundation.outbound_http import send
from clinic.foundation.texts.localized_dates import LOCALES
from clinic.notes.mails.notices import send_notice
from clinic.practice.models import Clinic

ANCHOR_TIMEOUT_S = 20.0
MAX_ANSWER_BYTES = 64 * 1024


class AnchorRefused(Unavailable):
    """The configured address did not take the anchor; it is sent again."""

    code = "anchor-not-taken"


def write_anchor(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `audit.anchored` for the file in the instance folder."""
    del now
    store_anchor(current_settings().instance, Anchor(**payload))


def send_anchor(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `audit.anchored` for the place outside that AUDIT_ANCHOR_TO names."""
    del now
    anchor, to = Anchor(**payload), current_settings().audit_anchor_to
    if to == "off":
        return
    if to is not None and "://" in to:
        _post(anchor, to)
    else:
        _mail(anchor, to)


def _post(anchor: Anchor, url: str) -> None:
    answer = send(
        "POST",
        url,
        body=anchor.line.encode("ascii"),
        headers={"Content-Type": "application/json"},
        max_bytes=MAX_ANSWER_BYTES,
        total_seconds=ANCHOR_TIMEOUT_S,
        guard=Guard.for_urls([url]),  # named by whoever runs the server, not typed on a page
    )
    if not 200 <= answer.status < 300:
        raise AnchorRefused


def _mail(anchor: Anchor, to: str | None) -> None:
    clinic = session().get_one(Clinic, anchor.clinic)
    at = datetime.fromisoformat(anchor.at)
    with force_locale(LOCALES.get(clinic.language, "en_GB")):
        subject = _("Daily anchor of the audit log")
        body = _(
            "Please keep this mail. The line below proves later what the audit log held at "
            "%(at)s, even if somebody changed the database. Check it on the server with\n\n"
            "flask audit verify --anchor '%(line)s'",
            at=anchor.at,
            line=anchor.line,
        )
    message_key = f"{anchor.seq}.{at:%Y%m%d%H%M%S}.anchor"
    send_notice(
        clinic, to=to or clinic.email, subject=subject, body=body, message_key=message_key, at=at
    )
