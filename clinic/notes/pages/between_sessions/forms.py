"""The forms for what is told between sessions, and for what of it was entered in error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField

from clinic.foundation.database.transactions import new_id
from clinic.notes.course.load_course import SIGNED, Course, CourseSession
from clinic.notes.pages.labels import first_names, language, offered, point_name, short_date
from clinic.notes.record.open_record import Chart
from clinic.notes.rules.clinical_values import POINTS, AttemptDetails, RatingDetails
from clinic.practice.form_fields import (
    CalendarDay,
    Needed,
    PracticeForm,
    line,
    lines,
    many_of,
    number,
)

Choices = list[tuple[str, str]]


class DayField(CalendarDay):
    """A date; an empty one is None."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Parse what was typed, if anything was."""
        if any(typed.strip() for typed in valuelist):
            super().process_formdata(valuelist)
        else:
            self.data = None


class RecordForm(PracticeForm):
    """A form of the record: it carries a key, so that sent twice it is kept once."""

    key = HiddenField()

    def __init__(self, sent: Any = None, *, prefix: str = "", **given: Any) -> None:
        super().__init__(formdata=sent, prefix=prefix, **given)
        self.key.data = (self.key.data or new_id())[:64]

    def renew(self) -> None:
        """Make what is sent next another entry."""
        self.key.data = new_id()


class AttemptForm(RecordForm):
    """An attempt to repair that was made at home."""

    happened_on = DayField(_l("On"), validators=[Needed()])
    by = RadioField(_l("Who tried"), validate_choice=False, validators=[Needed()])
    acts = many_of(_l("What was done"))
    receipt = RadioField(
        _l("How it was received, as the receiver tells it"),
        validate_choice=False,
        validators=[Needed()],
    )
    rupture = SelectField(_l("For"), validate_choice=False)
    felt_safety_before = number(_l("Felt safety before"), needed=False)
    felt_safety_after = number(_l("Felt safety after"), needed=False)
    note = lines(_l("In words"))

    def __init__(self, course: Course, *, today: date, rupture: str = "", sent: Any = None) -> None:
        given = {"happened_on": today, "rupture": rupture}
        super().__init__(sent, prefix="attempt-", data=given)
        self.by.choices = partners(course.chart)
        self.acts.choices = terms("repair_act")
        self.receipt.choices = terms("receipt")
        joined = [one for one in course.ruptures if not one.state.merged]
        self.rupture.choices = [
            ("", _("No particular rupture")),
            *((one.ref, f"{one.ref} {one.details.title}") for one in joined),
        ]

    def details(self) -> AttemptDetails:
        """What was typed."""
        return AttemptDetails(
            by=self.by.data or "",
            acts=tuple(dict.fromkeys(self.acts.data or ())),
            receipt=self.receipt.data or "",
            rupture=self.rupture.data or None,
            felt_safety_before=self.felt_safety_before.data,
            felt_safety_after=self.felt_safety_after.data,
            note=self.note.data,
        )


class RatingsForm(RecordForm):
    """One partner's ratings, of a day at home or of a session that was held."""

    partner = RadioField(_l("Whose ratings"), validate_choice=False, validators=[Needed()])
    source = RadioField(_l("Told by"), validate_choice=False, default="self")
    session = SelectField(_l("For"), validate_choice=False)
    told_on = DayField(_l("At home, on"))
    point = RadioField(_l("Which moment of the session"), validate_choice=False)
    felt_safety = number(_l("Felt safety"), needed=False)
    defensiveness = number(_l("Defensiveness"), needed=False)
    regulation = number(_l("Regulation"), needed=False)

    def __init__(self, course: Course, *, today: date, sent: Any = None) -> None:
        super().__init__(sent, prefix="rating-", data={"told_on": today})
        self.partner.choices = partners(course.chart)
        self.source.choices = [
            ("self", _("the partner")),
            ("therapist", _("you, as you judge it")),
        ]
        self.point.choices = [(one, point_name(one)) for one in POINTS if one != "home"]
        held = [one for one in course.sessions if one.status in SIGNED]
        self.session.choices = [
            ("", _("At home, between sessions")),
            *((one.note_id, _session_name(one, course.chart)) for one in reversed(held)),
        ]

    def details(self) -> RatingDetails:
        """What was typed."""
        return RatingDetails(
            self.partner.data or "",
            (self.point.data or "") if self.session.data else "home",
            self.felt_safety.data,
            self.defensiveness.data,
            self.regulation.data,
            self.source.data or "",
        )


class InErrorForm(RecordForm):
    """Why an entry is wrong."""

    reason = line(_l("What is wrong"), needed=True)


def _session_name(one: CourseSession, chart: Chart) -> str:
    day = short_date(chart.day(one.starts_at))
    return str(_("Session %(number)s, %(day)s", number=one.number, day=day))


def partners(chart: Chart) -> Choices:
    """The partners as choices, by their first names."""
    names = first_names(chart.names)
    return [(slot, names.get(slot) or slot) for slot in chart.members]


def terms(vocabulary: str, *, chosen: Iterable[str | None] = ()) -> Choices:
    """The terms of a vocabulary as choices, in the reader's language."""
    return [(t.code, t.label(language())) for t in offered(vocabulary, chosen=chosen)]
