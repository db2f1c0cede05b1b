"""What the pages call how a Transparency Window went, and what a measure's numbers say."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from clinic.notes.ledger.figure_json import shown
from clinic.notes.rules.transparency_window import clock_text


def run_end_name(end_state: str | None) -> str:
    """How a Transparency Window went; a pause is the rule at work."""
    names = {
        "completed": _("Whole time, no pause"),
        "paused_resumed": _("Paused and taken up again"),
        "stopped": _("Ended before its time"),
        "not_started": _("It was not begun"),
    }
    return str(names.get(end_state or "", end_state or ""))


def happening_name(kind: str) -> str:
    """What was done with the clock of a window."""
    names = {
        "start": _("begun"),
        "pause": _("paused"),
        "resume": _("taken up again"),
        "stop": _("ended here"),
    }
    return str(names.get(kind, kind))


def cut_name(direction: str, value: Fraction) -> str:
    """On which side of a line its meaning holds."""
    names = {
        "below": _("Below %(value)s", value=shown(value, places=2)),
        "at_or_below": _("%(value)s or below", value=shown(value, places=2)),
        "above": _("Above %(value)s", value=shown(value, places=2)),
        "at_or_above": _("%(value)s or above", value=shown(value, places=2)),
    }
    return str(names[direction])


def number_shown(value: Fraction | None) -> str:
    """A score, or a dash."""
    return shown(value, places=2)


def decimal_shown(text: str | None) -> str:
    """A score as it is kept, or a dash."""
    return shown(None if text is None else Fraction(text), places=2)


COURSE_FILTERS: dict[str, Callable[..., Any]] = {
    "run_end_name": run_end_name,
    "happening_name": happening_name,
    "clock_text": clock_text,
    "cut_name": cut_name,
    "number_shown": number_shown,
    "decimal_shown": decimal_shown,
}
"""For templates, by the names they go by there."""
