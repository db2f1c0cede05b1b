"""How long each text of the record may be, and what is said of one that is longer. Pure."""

from __future__ import annotations

from clinic.foundation.errors import N_
from clinic.notes.rules.selectable_terms import Problem

NAME_MAX = 120
"""Characters, as all below: who sees to something."""
PART_MAX = 300
"""A part of the cycle, and other texts of one line."""
REMARK_MAX = 500
"""What is said beside a choice: an attempt, who took part, an intervention, a rupture's day."""
REASON_MAX = 2_000
"""Why something was decided, marked, added or entered late."""
TEXT_MAX = 4_000
"""A text of a session, of a rupture's log or of a safety flag."""
ADDITION_MAX = 20_000
"""An addendum, and what was told alone."""
PROCESS_NOTE_MAX = 50_000

TOO_LONG = {
    NAME_MAX: N_("At most 120 characters."),
    PART_MAX: N_("At most 300 characters."),
    REMARK_MAX: N_("At most 500 characters."),
    REASON_MAX: N_("Write at most 2,000 characters."),
    TEXT_MAX: N_("Write at most 4,000 characters."),
    ADDITION_MAX: N_("Write at most 20,000 characters."),
    PROCESS_NOTE_MAX: N_("Write at most 50,000 characters."),
}
"""The sentence for each limit: sentences are translated whole."""


def length_problems(*texts: tuple[str, str, int]) -> list[Problem]:
    """Return what is wrong with each (place, text, limit) whose text is longer than its limit."""
    return [(place, TOO_LONG[most]) for place, text, most in texts if len(text) > most]
