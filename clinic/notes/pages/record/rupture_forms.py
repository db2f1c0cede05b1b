"""The forms of a rupture's page: its next status, reversing an entry, merging and splitting.

They show and read what is typed; what may follow is decided by the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectChoice, SelectField, StringField
from wtforms.widgets import DateInput

from clinic.notes.course.load_course import CourseRupture, CourseSession
from clinic.notes.pages.labels import language, offered, short_date, term_name
from clinic.notes.record.open_record import Chart
from clinic.notes.rules.rupture_events import RuptureStatus
from clinic.notes.rules.selectable_terms import REASONS
from clinic.practice.form_fields import Needed


class StatusForm(Form):
    """The status that the rupture moves to."""

    to = RadioField(_l("It becomes"), validate_choice=False, validators=[Needed()])
    reason = SelectField(_l("Reason"), validate_choice=False)
    text = StringField(_l("In words"))
    session = SelectField(_l("Belongs to session"), validate_choice=False)
    effective_on = StringField(_l("Since"), widget=DateInput())

    @property
    def may_be_repaired(self) -> bool:
        """Whether one of the statuses on offer is `repaired`, which the partners confirm."""
        return any(choice.value == RuptureStatus.REPAIRED for choice in self.to.choices)

    def offer(
        self, allowed: Iterable[RuptureStatus], sessions: Sequence[CourseSession], chart: Chart
    ) -> None:
        """Set the choices: what may follow, with its reasons, and the sessions, newest first."""
        follow = [SelectChoice(to.value, term_name(to.value, "rupture_status")) for to in allowed]
        self.to.choices = follow
        self.reason.choices = [
            SelectChoice("", _("Choose where one is needed")),
            *(
                SelectChoice(value, label, optgroup=to.label)
                for to in follow
                if to.value in REASONS
                for value, label in _terms(REASONS[to.value])
            ),
        ]
        self.session.choices = [
            SelectChoice("", _("none")),
            *(
                SelectChoice(one.note_id, f"{one.number} · {short_date(chart.day(one.starts_at))}")
                for one in reversed(sessions)
            ),
        ]


class ReversalForm(Form):
    """Why an entry of the log is reversed; each entry of the page has a form of its own."""

    reason = SelectField(_l("Reason"), validate_choice=False)
    text = StringField(_l("In words"))


class MergeForm(Form):
    """The rupture that this one goes on in."""

    target = SelectField(_l("Goes on in"), validate_choice=False)
    text = StringField(_l("In words"), id="mt")


class SplitForm(Form):
    """What is split off as a rupture of its own."""

    title = StringField(_l("What broke, in a few words"), id="st", validators=[Needed()])
    types = SelectField(_l("Type"), id="sty", validate_choice=False)
    significance = SelectField(
        _l("Significance"), id="ssg", choices=[SelectChoice(str(n)) for n in range(1, 6)]
    )
    text = StringField(_l("In words"), id="stx")


def rupture_forms(
    sent: Any,
    *,
    chart: Chart,
    allowed: Iterable[RuptureStatus],
    sessions: Sequence[CourseSession],
    others: Iterable[CourseRupture],
    reversible: Iterable[int],
) -> Mapping[str, Any]:
    """Return the forms by the names that the template has for them; `sent` fills the first."""
    status, merge, split = StatusForm(sent), MergeForm(), SplitForm()
    status.offer(allowed, sessions, chart)
    merge.target.choices = [SelectChoice(o.ref, f"{o.ref} {o.details.title}") for o in others]
    split.types.choices = [SelectChoice(*pair) for pair in _terms("rupture_type")]
    return {
        "status_form": status,
        "merge_form": merge,
        "split_form": split,
        "reversal_forms": {event: _reversal(event) for event in reversible},
    }


def _reversal(event: int) -> ReversalForm:
    form = ReversalForm()
    form.reason.choices = [SelectChoice(*pair) for pair in _terms("reversal_reason")]
    form.reason.id, form.text.id = f"rr-{event}", f"rt-{event}"
    return form


def _terms(vocabulary: str) -> list[tuple[str, str]]:
    return [(term.code, term.label(language())) for term in offered(vocabulary)]
