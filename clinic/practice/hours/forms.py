"""The forms for when therapists work and when they, or the clinic, do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import time
from typing import Any

from babel import Locale
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, FieldList, Form, FormField

from clinic.foundation.epoch_minutes import MINUTES_A_DAY
from clinic.practice.form_fields import CalendarDay, ClockTime, Needed, PracticeForm, line
from clinic.practice.rules.edit_commands import (
    AbsenceTimes,
    ClinicClosure,
    DayHours,
    HoursRange,
    WeeklyRange,
)
from clinic.practice.rules.edit_conflicts import version_of, week_version
from clinic.practice.rules.hours_rules import MOST_RANGES_A_DAY


class RangeForm(Form):
    """One range of hours; left empty it is none."""

    start = ClockTime(_l("From"))
    end = ClockTime(_l("Until"))

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed in either field."""
        return self.start.is_blank and self.end.is_blank

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether it is whole or empty."""
        valid: bool = super().validate(extra_validators)
        if self.is_blank:
            return valid
        for field in (self.start, self.end):
            if field.is_blank:
                field.errors = [_("Please write both times, or neither.")]
                valid = False
        return valid

    def minutes(self) -> HoursRange:
        """The range; one that ends before it starts runs over midnight."""
        start, end = _minute(self.start.data), _minute(self.end.data)
        over_midnight = end < start or (start == end == 0)
        return HoursRange(start, end + MINUTES_A_DAY if over_midnight else end)


class DayForm(Form):
    """The ranges of one weekday."""

    ranges = FieldList(FormField(RangeForm), max_entries=MOST_RANGES_A_DAY)


class WeekForm(PracticeForm):
    """A usual week: seven days of ranges, with an empty one where there is none."""

    day_0 = FormField(DayForm)
    day_1 = FormField(DayForm)
    day_2 = FormField(DayForm)
    day_3 = FormField(DayForm)
    day_4 = FormField(DayForm)
    day_5 = FormField(DayForm)
    day_6 = FormField(DayForm)

    def __init__(self, weekly: Sequence[WeeklyRange], *, sent: Any = None) -> None:
        given: dict[str, Any] = {
            f"day_{day}": {"ranges": [_typed(one) for one in weekly if one.weekday == day]}
            for day in range(7)
        }
        given["version"] = week_version(weekly)
        super().__init__(formdata=sent, prefix="week", data=given)
        self._at_least_one_row()

    def labelled_values(self) -> Iterator[tuple[str, str, str]]:
        """Each weekday with its hours."""
        for weekday, rows in enumerate(self.days):
            yield str(weekday), _weekday(weekday), _hours(rows)

    @property
    def days(self) -> list[FieldList]:
        """The rows of each weekday, Monday's first."""
        return [self[f"day_{day}"].form.ranges for day in range(7)]

    def add_row(self, weekday: str) -> None:
        """One more empty row on this day."""
        if weekday in {*"0123456"} and len(self.days[int(weekday)]) < MOST_RANGES_A_DAY:
            self.days[int(weekday)].append_entry()

    def remove_row(self, name: str) -> None:
        """Without the row of this name."""
        for rows in self.days:
            rows.entries = [row for row in rows.entries if row.name != name]
        self._at_least_one_row()

    def command(self) -> list[WeeklyRange]:
        """The ranges that were typed."""
        return [
            WeeklyRange(weekday, one.start_minute, one.end_minute)
            for weekday, rows in enumerate(self.days)
            for one in map(_range, _filled(rows))
        ]

    def field_at(self, path: str) -> Field | None:
        """`weekly.<weekday>.<nth>` is the start of that day's nth filled row."""
        _weekly, weekday, nth = path.split(".")
        return _filled(self.days[int(weekday)])[int(nth)].form.start

    def faults(self) -> Iterator[tuple[str, str]]:
        """Each sentence, with its day, and the id of its field."""
        for weekday, rows in enumerate(self.days):
            for field_id, sentence in _faults(rows):
                yield field_id, f"{_weekday(weekday)}: {sentence}"

    @property
    def is_refused(self) -> bool:
        """Whether it has anything to say."""
        return bool(self.form_errors or any(self.faults()))

    def _at_least_one_row(self) -> None:
        for rows in self.days:
            if not rows.entries:
                rows.append_entry()


class DayOverrideForm(PracticeForm):
    """Other hours for one date; none closes it."""

    on = CalendarDay(_l("Date"), validators=[Needed()])
    ranges = FieldList(FormField(RangeForm), min_entries=2, max_entries=MOST_RANGES_A_DAY)

    def __init__(
        self,
        shown_days: Iterable[DayHours] = (),
        *,
        shown: DayHours | None = None,
        sent: Any = None,
    ) -> None:
        """Fill in `shown`; `shown_days` are those that its page shows: they may be replaced."""
        given: dict[str, Any] = {"version": " ".join(map(version_of, shown_days))}
        if shown is not None:
            given |= {"on": shown.on, "ranges": [_typed(one) for one in shown.ranges]}
        super().__init__(formdata=sent, prefix="day", data=given)

    def labelled_values(self) -> Iterator[tuple[str, str, str]]:
        """The hours of the date."""
        named = format_date(self.on.data, "full") if self.on.data else ""
        yield "ranges", named, _hours(self.ranges) or _("Closed")

    def command(self) -> DayHours:
        """What was typed."""
        return DayHours(self.on.data, tuple(map(_range, _filled(self.ranges))))

    def field_at(self, path: str) -> Field | None:
        """`ranges.<nth>` is the start of the nth filled row."""
        if not path.startswith("ranges."):
            return super().field_at(path)
        return _filled(self.ranges)[int(path.removeprefix("ranges."))].form.start

    def faults(self) -> Iterator[tuple[str, str]]:
        """Each sentence with the id of its field."""
        for error in self.on.errors:
            yield self.on.id, error
        yield from _faults(self.ranges)

    @property
    def is_refused(self) -> bool:
        """Whether it has anything to say."""
        return bool(self.form_errors or any(self.faults()))


class AbsenceForm(PracticeForm):
    """Away from one wall time to another."""

    start = line(_l("From"), needed=True)
    end = line(_l("Until"), needed=True)

    def __init__(self, *, sent: Any = None, prefix: str = "away") -> None:
        super().__init__(formdata=sent, prefix=prefix)

    def absence(self) -> AbsenceTimes:
        """What was typed."""
        return AbsenceTimes(self.start.data, self.end.data)


class ClosureForm(AbsenceForm):
    """The clinic is closed, and why."""

    name = line(_l("What it is called"), needed=True)

    def __init__(self, *, sent: Any = None) -> None:
        super().__init__(sent=sent, prefix="closure")

    def command(self) -> ClinicClosure:
        """What was typed."""
        return ClinicClosure(self.name.data, self.absence())


def _weekday(number: int) -> str:
    names = (get_locale() or Locale("en")).days["format"]["wide"]
    return str(names[number]).capitalize()


def _hours(rows: Iterable[FormField]) -> str:
    """`09:00 – 13:00, 14:00 – 18:00`."""
    return ", ".join(
        f"{row.form.start.data:%H:%M} – {row.form.end.data:%H:%M}" for row in _filled(rows)
    )


def _range(row: FormField) -> HoursRange:
    found: HoursRange = row.form.minutes()
    return found


def _filled(rows: Iterable[FormField]) -> list[FormField]:
    return [row for row in rows if not row.form.is_blank]


def _faults(rows: Iterable[FormField]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for field in row.form:
            for error in field.errors:
                yield field.id, error


def _typed(one: WeeklyRange | HoursRange) -> dict[str, time]:
    return {"start": _clock(one.start_minute), "end": _clock(one.end_minute)}


def _clock(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _minute(shown: time) -> int:
    return shown.hour * 60 + shown.minute
