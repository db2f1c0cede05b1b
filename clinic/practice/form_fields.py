"""The fields that the practice's forms are made of, and the way of a rule's sentence to its field.

Fields parse; whether what they hold makes sense is decided by the rules, so nothing here checks
lengths or limits, and a choice that is not on offer goes through to be refused there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    Field,
    Form,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import Optional

from clinic.foundation.messages import Message
from clinic.foundation.texts.posted_texts import CheckedForm
from clinic.practice.rules.practice_rules import time_zones

UNITS = {"days": 1440, "hours": 60, "minutes": 1}
"""Minutes in each unit, the largest first."""


class Needed:
    """Marks a field as needed, for the page; the rules refuse it when it is empty."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Nothing to check here."""


class WholeNumber(IntegerField):  # type: ignore[misc]
    """A whole number."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Parse, or say what is wanted."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("Please write a whole number.")) from error


class ClockTime(TimeField):  # type: ignore[misc]
    """A time of day."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Parse, or say what is wanted."""
        if not any(typed.strip() for typed in valuelist):
            return
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("Please write a time such as 09:30.")) from error

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return self.data is None and not any(typed.strip() for typed in self.raw_data or [])


class CalendarDay(DateField):  # type: ignore[misc]
    """A date."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Parse, or say what is wanted; a field that was not sent at all is an empty one."""
        try:
            super().process_formdata(valuelist or [""])
        except ValueError as error:
            raise ValueError(_("Please choose a date that exists.")) from error


class ZoneField(SelectField):  # type: ignore[misc]
    """A time zone, from a list by region; one that was sent and is not on it stays visible."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, choices={}, validate_choice=False, validators=[Needed()], **kwargs)

    def offer(self) -> None:
        """Make the list, with the field's present value on it."""
        regions: dict[str, dict[str, str]] = defaultdict(dict)
        listed = {zone for zone in time_zones() if _is_offered(zone)}
        for zone in sorted(listed | ({self.data} if self.data else set())):
            region, _slash, place = zone.partition("/")
            name = (place or region).replace("_", " ").replace("/", ", ")
            regions[region if place else _("Other")][zone] = name
        self.choices = dict(regions)


def _is_offered(zone: str) -> bool:
    """Places; not the names for offsets and countries that are kept for old systems."""
    return "/" in zone and not zone.startswith(("Etc/", "US/", "SystemV/", "posix/", "right/"))


def many_of(label: str) -> Field:
    """Check boxes; the form gives them their `choices`."""
    return SelectMultipleField(label, choices={}, validate_choice=False)


def line(label: str, *, needed: bool = False, kind: type[StringField] = StringField) -> Field:
    """One line of text, without spaces around it."""
    return kind(label, validators=[Needed()] if needed else [], filters=[_trimmed])


def lines(label: str, *, needed: bool = False) -> Field:
    """Several lines of text."""
    return TextAreaField(label, validators=[Needed()] if needed else [], filters=[_unix_lines])


def number(label: str, *, needed: bool = True) -> Field:
    """A whole number; an empty one is None where it is not needed."""
    return WholeNumber(label, validators=[Needed()] if needed else [Optional()])


def unit() -> Field:
    """What the number before it counts."""
    choices = [
        SelectChoice("minutes", _l("minutes")),
        SelectChoice("hours", _l("hours")),
        SelectChoice("days", _l("days")),
    ]
    return SelectField(_l("Unit"), choices=choices, validators=[Needed()])


def in_largest_unit(minutes: int) -> tuple[int, str]:
    """A number of minutes as the fewest whole units."""
    for name, length in UNITS.items():
        if minutes and minutes % length == 0:
            return minutes // length, name
    return minutes, "hours"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field in which what was typed is not what is stored."""

    label: str
    typed: str
    stored: str


class PracticeForm(CheckedForm):
    """A form that can show the problems that a service found, and what changed meanwhile."""

    version = HiddenField()
    """The version of what the form was drawn from (`practice/rules/edit_conflicts.py`)."""
    aliases: Mapping[str, str] = {}
    """Fields whose names differ from the paths of the rules."""
    is_outdated = False
    differences: Sequence[FieldDifference] = ()

    @property
    def seen(self) -> str:
        """The version that was sent; a form without one has seen nothing."""
        return str((self.version.raw_data or [""])[0])

    @property
    def status(self) -> int:
        """What its page answers with."""
        return 409 if self.is_outdated else 422 if self.is_refused else 200

    def compare(self, stored: PracticeForm) -> None:
        """Show that it was changed elsewhere, and where; sent again, it replaces that."""
        theirs = {name: value for name, _label, value in stored.labelled_values()}
        self.is_outdated, self.version.data = True, stored.version.data
        self.differences = [
            FieldDifference(label, value, theirs.get(name, ""))
            for name, label, value in self.labelled_values()
            if value != theirs.get(name, "")
        ]

    def labelled_values(self) -> Iterator[tuple[str, str, str]]:
        """Each field that people see: its name, its label, and what it holds in words."""
        for field in self:
            if not isinstance(field, HiddenField):
                yield field.name, field.label.text, value_label(field)

    @property
    def is_refused(self) -> bool:
        """Whether it has anything to say."""
        return bool(self.errors)

    def show(self, problems: Mapping[str, Iterable[str]]) -> None:
        """Show each sentence, in the reader's language, at its field, else above the form."""
        for path, sentences in problems.items():
            translated = [in_their_language(sentence) for sentence in sentences]
            if (field := self.field_at(path)) is None:
                self.form_errors.extend(translated)
            else:
                field.errors = [
                    *field.errors,
                    *(one for one in translated if one not in field.errors),
                ]

    def field_at(self, path: str) -> Field | None:
        """The field that a path of the rules is about."""
        name = self.aliases.get(path, path.replace(".", "_"))
        return self._fields.get(name)


def value_label(field: Field) -> str:
    """What a field holds, as its page says it."""
    if isinstance(field, BooleanField):
        return str(_("Yes") if field.data else _("No"))
    if isinstance(field, SelectField | SelectMultipleField) and not isinstance(field, ZoneField):
        chosen = [str(one.label) for one in field.iter_choices() if one.selected]
        return ", ".join(chosen) or str(field.data or "")
    return "" if field.data is None else str(field.data)


def in_their_language(sentence: str) -> str:
    """A rule's sentence in the reader's language."""
    if isinstance(sentence, Message):
        return str(_(sentence.template, **sentence.params))
    return str(_(sentence))


def _trimmed(text: str | None) -> str:
    return (text or "").strip()


def _unix_lines(text: str | None) -> str:
    """Browsers send every line end as CR LF."""
    return (text or "").replace("\r\n", "\n").strip()
