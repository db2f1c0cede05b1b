"""One couple's record, and the therapist who leads it and works in it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from clinic.notes.between_sessions.queries import list_entries
from clinic.notes.between_sessions.service import add_attempt
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.rules.clinical_values import AttemptDetails, RuptureDetails
from clinic.notes.rules.note_content import Attempt, NewRupture, NoteContent, Rating
from tests.support.factories import a_note, make_care_couple, make_signed_note

AT = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BROKE = RuptureDetails("The late reply", ("breach_of_trust",), 3, occurred_on=date(2026, 11, 10))
HIDDEN = RuptureDetails("Hidden", ("secrecy",), 2, visibility="restricted")


class LedRecord:
    """Called with a use case, it calls that as the couple's lead; `note` is a signed one."""

    def __init__(self, content: NoteContent | None = None):
        self.couple = make_care_couple()
        self.note = make_signed_note(self.couple, content, at=AT)
        self.asks = {"actor": self.couple.lead, "now": NOW}

    def __call__(self, use_case, *args, **values):
        return use_case(self.couple.code, *args, **(self.asks | values))

    def rupture(self, ref="R-01"):
        return self(couple_ledger)[0].rupture(ref)

    def course(self):
        return self(couple_ledger)[0]

    def attempt(self, **changes):
        """Add an attempt at home of 20 November; its id."""
        values = {"by": "B", "acts": ("appreciation",), "receipt": "partly", "rupture": "R-01"}
        details = AttemptDetails(**(values | changes))
        return self(add_attempt, details, happened_on=date(2026, 11, 20))

    def entries(self, **values):
        return self(list_entries, **values).entries


def record_with_ruptures():
    """A record whose note brought in a joint rupture, a restricted one, an attempt and ratings."""
    return LedRecord(
        a_note(
            new_ruptures=(
                NewRupture("The late reply", ("secrecy",), None, 3, key="j"),
                NewRupture("Hidden", ("secrecy",), None, 3, key="r", visibility="restricted"),
            ),
            attempts=(Attempt("A", ("i_statement",), "rejected", "j"),),
            ratings=(Rating("A", "end", 5, 8, 5),),
        )
    )
