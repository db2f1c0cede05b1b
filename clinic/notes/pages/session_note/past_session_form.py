"""The form for a session that is not in the diary: when it was held, and of which kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField
from wtforms.validators import InputRequired

from clinic.foundation.wall_clock import NonexistentTime, starting_instant
from clinic.notes.pages.labels import session_kind_name
from clinic.practice.form_fields import CalendarDay, ClockTime, PracticeForm, line

HELD_ELSEWHERE = ("joint", "consultation", "assessment", "individual_a", "individual_b", "closing")
"""What can have been held elsewhere, the most usual first."""


class HeldSessionForm(PracticeForm):
    """A session that was held and has no appointment here."""

    on = CalendarDay(_l("Day"), validators=[InputRequired(_l("Give the day."))])
    begins = ClockTime(_l("Began"), validators=[InputRequired(_l("Say when it began."))])
    ends = ClockTime(_l("Ended"), validators=[InputRequired(_l("Say when it ended."))])
    kind = SelectField(_l("Kind"), validate_choice=False)
    late_reason = line(_l("Why it is entered now"))

    aliases: Mapping[str, str] = {"held_from": "on", "held_until": "ends"}

    def held(self, zone: str) -> tuple[datetime, datetime] | None:
        """Return from when until when it was held, on the clocks of `zone`.

        None, with a sentence at the field, when that is open or the clocks skip a time. Of a time
        that comes twice the first is meant.
        """
        if not self.validate():
            return None
        begins, ends = self._instant("begins", zone), self._instant("ends", zone)
        return (begins, ends) if begins and ends else None

    def _instant(self, path: str, zone: str) -> datetime | None:
        wall = datetime.combine(self.on.data, self[path].data)
        try:
            return starting_instant(wall, zone=zone, path=path)
        except NonexistentTime as skipped:
            self.show(skipped.errors)
            return None


def held_session_form(sent: Any = None) -> HeldSessionForm:
    """An empty form, or what was typed into it."""
    form = HeldSessionForm(formdata=sent)
    form.kind.choices = [(kind, session_kind_name(kind)) for kind in HELD_ELSEWHERE]
    return form
