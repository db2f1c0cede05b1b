"""The forms of what stands apart: process notes, what a partner told alone, safety flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField

from clinic.notes.pages.between_sessions.forms import DayField, partners
from clinic.notes.pages.labels import choice_name
from clinic.notes.record.open_record import Chart
from clinic.notes.restricted.disclosures import ReadableDisclosure
from clinic.notes.restricted.process_notes import ProcessText
from clinic.notes.rules.clinical_values import DECISIONS, DisclosureDetails, FlagDetails
from clinic.practice.form_fields import Needed, PracticeForm, line, lines

NEW = "new"
"""Stands for what is not stored yet, where the others have their id."""


class FormPerEntry(PracticeForm):
    """One of several forms of its kind on a page: the fields' ids end in the id of their entry."""

    def __init__(self, sent: Any = None, *, entry: str = NEW, **given: Any) -> None:
        super().__init__(formdata=sent, **given)
        self.entry = entry
        for field in self:
            field.id = f"{field.name}-{entry}"

    def show_changed(self, message: str) -> None:
        """Show that it was changed elsewhere; sent again, it replaces that."""
        self.is_outdated = True
        self.form_errors.append(message)


class ProcessForm(FormPerEntry):
    """A process note."""

    text = lines(_l("Text"), needed=True)


class DisclosureForm(FormPerEntry):
    """What one partner told alone, and what was decided about it."""

    by = SelectField(_l("Told by"), validate_choice=False, validators=[Needed()])
    disclosable = SelectField(_l("May it be shared?"), validate_choice=False)
    decision = SelectField(_l("Decision"), validate_choice=False, validators=[Needed()])
    review_on = DayField(_l("Look at it again by"), validators=[Needed()])
    text = lines(_l("What was told"), needed=True)
    decision_reason = line(_l("Why this decision"))
    flagged = BooleanField(_l("For supervision: the supervisor may read it"))

    def details(self) -> DisclosureDetails:
        """What was typed."""
        return DisclosureDetails(
            by=self.by.data or "",
            text=self.text.data,
            disclosable={"yes": True, "no": False}.get(self.disclosable.data or ""),
            decision=self.decision.data or "none",
            decision_reason=self.decision_reason.data,
        )


class FlagForm(FormPerEntry):
    """A safety flag to open."""

    about = lines(_l("The concern"), needed=True)
    action = lines(_l("What is done"), needed=True)
    level = SelectField(_l("Level"), choices=["1", "2", "3"], validate_choice=False)
    owner = line(_l("Who sees to it"))
    flag_review_on = DayField(_l("Look at it again by"), validators=[Needed()])

    aliases: Mapping[str, str] = {"review_on": "flag_review_on"}

    def details(self) -> FlagDetails:
        """What was typed; a level that is not on the list is none."""
        level = self.level.data or ""
        return FlagDetails(
            about=self.about.data,
            level=int(level) if level in {"1", "2", "3"} else 0,
            action=self.action.data,
            owner=self.owner.data,
        )


class ClearForm(FormPerEntry):
    """Why a safety flag can be cleared."""

    because = line(_l("Why it can be cleared"), needed=True)


def process_form(stored: ProcessText | None = None, *, sent: Any = None) -> ProcessForm:
    """For a new process note, or for one that is stored."""
    if stored:
        return ProcessForm(sent, entry=stored.id, data={"text": stored.text})
    form = ProcessForm(sent)
    form.text.label.text = _("New process note")
    return form


def disclosure_form(
    chart: Chart, stored: ReadableDisclosure | None = None, *, sent: Any = None
) -> DisclosureForm:
    """For something new, or for one that is stored."""
    given = _disclosed(stored) if stored else {}
    form = DisclosureForm(sent, entry=stored.id if stored else NEW, data=given)
    form.by.choices = partners(chart)
    form.disclosable.choices = [("", _("Not asked")), ("yes", _("Yes")), ("no", _("No"))]
    form.decision.choices = [(one, choice_name(one)) for one in DECISIONS]
    return form


def _disclosed(stored: ReadableDisclosure) -> dict[str, Any]:
    details = stored.details
    return {
        "by": details.by,
        "disclosable": {True: "yes", False: "no", None: ""}[details.disclosable],
        "decision": details.decision,
        "review_on": stored.review_on,
        "text": details.text,
        "decision_reason": details.decision_reason,
        "flagged": stored.flagged,
    }
