"""What a clinic may change of which vocabulary, and why not more. Pure.

Words can be changed everywhere. Terms may come and go only where no rule of the product reads
their codes: a status that the life cycle does not know, or a receipt without a weight, would be
stored and then understood by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clinic.foundation.errors import N_
from clinic.practice.rules.vocabulary import Vocabulary

FIXED: Mapping[str, str] = {
    # notes/rules/rupture_lifecycle.py: the statuses are the states of a machine
    "rupture_status": N_("A rupture's course is made of exactly these."),
    # notes/ledger/figures.py weighs each receipt; the charts give each a column and a shape
    "receipt": N_("Each of them counts with its own weight in the repair ratio."),
    # notes/rules/note_checks.py PRESENT_CODES: who was there must be told to have responded
    "attendance": N_("They decide whose response a note has to tell."),
    # notes/rules/note_checks.py: all but "nil noted" ask for words and are shown as a warning
    "safety_check": N_("They decide when a note needs words about safety."),
    # notes/ruptures/signed_ruptures.py: an attempt, or the therapist's own reason in words
    "repair_reason": N_("They are the two ways in which repair begins."),
}
"""Vocabularies whose terms stand fixed, each with the reason that is told."""

KEPT: Mapping[str, Mapping[str, str]] = {
    # notes/ruptures/safety_flags.py writes it when a flag opens, rupture_lifecycle.py at its end
    "park_reason": {"safety_flag": N_("The product uses it itself when a safety flag opens.")},
}
"""Single terms that cannot be retired, with the reason."""

OTHER_STAYS = N_("There is always a way to say something that is not on the list.")


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be done with a vocabulary; `kept` says why a term of it cannot be retired."""

    fixed_because: str
    kept: Mapping[str, str]

    @property
    def may_add(self) -> bool:
        """Whether the clinic may add terms."""
        return not self.fixed_because

    def retire_refusal(self, code: str) -> str:
        """Why the term with this code cannot be retired; empty when it can."""
        return self.fixed_because or self.kept.get(code, "")


def limits_of(vocabulary: Vocabulary) -> Limits:
    """What a clinic may do with this vocabulary."""
    kept = {"other": OTHER_STAYS, **KEPT.get(vocabulary.name, {})}
    return Limits(FIXED.get(vocabulary.name, ""), kept)
