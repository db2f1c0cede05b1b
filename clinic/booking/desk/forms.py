"""What the desk's pages take in."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField, ValidationError
from wtforms.fields import Field

from clinic.booking.rules.contact_details import check_message
from clinic.foundation.texts.posted_texts import CheckedForm

YEARS = range(2001, 2099)


class ReasonForm(CheckedForm):
    """Why something is declined or cancelled; may be left empty."""

    reason = TextAreaField(_l("Reason"))

    def validate_reason(self, field: Field) -> None:
        """The same limits as for what clients write."""
        for said in check_message(field.data or "").get("message", []):
            raise ValidationError(_(said))


def requested_day(text: str, *, usual: date) -> date:
    """The date in an address, or the usual one when it is none."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return usual
    return asked if asked.year in YEARS else usual


def requested_week(text: str, *, usual: date) -> date:
    """The Monday of the week in an address."""
    asked = requested_day(text, usual=usual)
    return asked - timedelta(days=asked.weekday())


def requested_wall_time(text: str) -> datetime | None:
    """`YYYY-MM-DDTHH:MM`, as a naive time on somebody's wall, or None."""
    try:
        asked = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 - a wall has no zone
    except ValueError:
        return None
    return asked if asked.year in YEARS else None
