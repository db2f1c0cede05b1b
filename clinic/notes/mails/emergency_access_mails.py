"""The mails that follow an emergency opening: to the couple's therapist and to the clinic.

They say that a record was opened and when, never whose.
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
from clinic.notes.record.restricted_models import EmergencyAccess
from clinic.practice.models import Clinic, Therapist


def notify_therapist(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `chart.opened_in_emergency` for the therapist who leads the couple."""
    del now
    access = session().get_one(EmergencyAccess, payload["access"])
    lead_id = session().get_one(Couple, access.couple_id).lead_therapist_id
    lead = session().get(Therapist, lead_id) if lead_id else None
    if lead is not None and lead.email:
        _send(access, to=lead.email, language=notice_language(lead), part="therapist")


def notify_clinic(payload: Mapping[str, Any], now: datetime) -> None:
    """Handle `chart.opened_in_emergency` for whoever answers for the clinic."""
    del now
    access = session().get_one(EmergencyAccess, payload["access"])
    clinic = session().get_one(Clinic, access.clinic_id)
    _send(access, to=clinic.email, language=clinic.language, part="clinic")


def _send(access: EmergencyAccess, *, to: str, language: str, part: str) -> None:
    settings = current_settings()
    clinic = session().get_one(Clinic, access.clinic_id)
    with force_locale(LOCALES.get(language, "en_GB")):
        subject = _("A record was opened in an emergency")
        body = _(
            "A colleague opened a record that is not theirs, giving a reason. It closes by itself "
            "within the hour. After signing in you find in the list of accesses who it was, "
            "when and why.\n\n%(address)s/desk",
            address=settings.base_url,
        )
    message_key = f"{access.id}.{part}"
    send_notice(
        clinic, to=to, subject=subject, body=body, message_key=message_key, at=access.opened_at
    )
