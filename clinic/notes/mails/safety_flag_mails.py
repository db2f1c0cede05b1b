"""The mail on the day a safety flag is to be looked at again: to the couple's therapist.

It says that something in a record is to be looked at, never what or whose.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from clinic.config import current_settings
from clinic.couples.models import Couple
from clinic.foundation.database.transactions import session
from clinic.foundation.texts.localized_dates import LOCALES
from clinic.notes.mails.notices import notice_language, send_notice
from clinic.notes.record.restricted_models import SafetyFlag
from clinic.practice.models import Clinic, Therapist


def remind_therapist(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `safety_flag.due`: nothing for a flag that is cleared or was taken back."""
    flag = session().get(SafetyFlag, payload["flag"])
    if flag is None or flag.cleared_at is not None:
        return
    couple = session().get_one(Couple, flag.couple_id)
    lead = session().get(Therapist, couple.lead_therapist_id) if couple.lead_therapist_id else None
    if lead is not None and lead.email:
        _send(flag, session().get_one(Clinic, couple.clinic_id), lead, to=lead.email, now=now)


def _send(flag: SafetyFlag, clinic: Clinic, lead: Therapist, *, to: str, now: datetime) -> None:
    settings = current_settings()
    with force_locale(LOCALES.get(notice_language(lead), "en_GB")):
        subject = _("Something is to be looked at today")
        body = _(
            "You asked to be reminded: something in one of your records is to be looked at today. "
            "After signing in you find it here:\n\n%(address)s/desk/notes/unsigned",
            address=settings.base_url,
        )
    send_notice(clinic, to=to, subject=subject, body=body, message_key=f"{flag.id}.due", at=now)
