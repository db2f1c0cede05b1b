"""What the pages about calendars take in."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from clinic.calendars.feeds.settings import SHOWN_IN, FeedSettings
from clinic.calendars.models import CalendarFeed, FeedKind, Show
from clinic.foundation.texts.posted_texts import CheckedForm

NO_REMINDER = -1
SHOWS = {
    Show.NEUTRAL: _l("“Session” and the time"),
    Show.INITIALS: _l("“Session”, the time and the partners’ initials"),
    Show.BUSY: _l("Only that the time is taken"),
}
BACK = [
    SelectChoice(0, _l("From today on")),
    SelectChoice(30, _l("The last 30 days")),
    SelectChoice(60, _l("The last 60 days")),
    SelectChoice(90, _l("The last 90 days")),
]
DAYS_AHEAD = [
    SelectChoice(30, _l("The next month")),
    SelectChoice(90, _l("The next three months")),
    SelectChoice(365, _l("The next year")),
    SelectChoice(540, _l("The next 18 months")),
]
REMINDERS = [
    SelectChoice(NO_REMINDER, _l("None")),
    SelectChoice(10, _l("10 minutes before")),
    SelectChoice(30, _l("30 minutes before")),
    SelectChoice(60, _l("An hour before")),
    SelectChoice(1440, _l("A day before")),
]


class FeedForm(CheckedForm):
    """A name, so that the address can be told from others later, and what it shows."""

    name = StringField(
        _l("Where will you use it?"),
        [InputRequired(_l("Please name it, so that you can tell it from others later."))],
    )
    show = RadioField(_l("What an entry says"), [InputRequired()], default=Show.NEUTRAL)
    days_back = SelectField(_l("How far back"), choices=BACK, coerce=int, default=60)
    days_ahead = SelectField(_l("How far ahead"), choices=DAYS_AHEAD, coerce=int, default=540)
    reminder = SelectField(_l("Reminder"), choices=REMINDERS, coerce=int, default=NO_REMINDER)

    def __init__(self, kind: FeedKind, feed: CalendarFeed | None = None, **more: Any) -> None:
        super().__init__(data=_data(feed) if feed else None, **more)
        self.show.choices = [
            SelectChoice(key, text) for key, text in SHOWS.items() if key in SHOWN_IN[kind]
        ]

    def settings(self) -> FeedSettings:
        """What was chosen."""
        reminder = self.reminder.data
        return FeedSettings(
            show=Show(self.show.data),
            days_back=self.days_back.data,
            days_ahead=self.days_ahead.data,
            reminder_minutes=None if reminder == NO_REMINDER else reminder,
        )


def _data(feed: CalendarFeed) -> dict[str, Any]:
    reminder = feed.reminder_minutes
    return {
        "name": feed.name,
        "show": feed.show,
        "days_back": feed.days_back,
        "days_ahead": feed.days_ahead,
        "reminder": NO_REMINDER if reminder is None else reminder,
    }


class PartnerFeedForm(CheckedForm):
    """A partner's address: a name and a reminder; what it shows is neutral anyway."""

    name = StringField(
        _l("A name for it"),
        [InputRequired(_l("Please name it, so that you can tell it from others later."))],
        default=_l("My calendar"),
    )
    reminder = SelectField(_l("Reminder"), choices=REMINDERS, coerce=int, default=NO_REMINDER)

    def settings(self) -> FeedSettings:
        """What was chosen."""
        chosen = self.reminder.data
        return FeedSettings(reminder_minutes=None if chosen == NO_REMINDER else chosen)


class OutsideCalendarForm(CheckedForm):
    """The address of a calendar elsewhere."""

    name = StringField(
        _l("What is it?"),
        [InputRequired(_l("Please name it, so that you can tell it from others later."))],
    )
    url = StringField(
        _l("Its private address (ICS)"),
        [InputRequired(_l("Please paste the address; it begins with https or webcal."))],
    )
    ignore_all_day = BooleanField(_l("Entries that last whole days leave me free"))
