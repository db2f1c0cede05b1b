"""What cannot be in a rupture, an attempt, a rating, a cycle or a note's codes. Pure.

Each rule gives (place, sentence) pairs; the sentences are message ids for translation.
Source: domain 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from clinic.foundation.errors import N_, InvalidInput
from clinic.notes.rules.clinical_values import (
    DECISIONS,
    LEVELS,
    NATURES,
    POINTS,
    PRECISIONS,
    VISIBILITIES,
    AttemptDetails,
    CycleDetails,
    DisclosureDetails,
    ErrorDetails,
    FlagDetails,
    RatingDetails,
    RuptureDetails,
)
from clinic.notes.rules.note_checks import HIGHEST, LOWEST, TITLE_MAX
from clinic.notes.rules.note_content import NoteContent
from clinic.notes.rules.selectable_terms import UNKNOWN, Choosable, Problem, coded
from clinic.notes.rules.text_limits import (
    ADDITION_MAX,
    NAME_MAX,
    PART_MAX,
    REASON_MAX,
    REMARK_MAX,
    TEXT_MAX,
    length_problems,
)

RATINGS = ("felt_safety", "defensiveness", "regulation")
CYCLE_TEXTS = ("move", "perception", "secondary_emotion", "primary_emotion", "need")
OUTSIDE = N_("Ratings go from 0 to 10; leave it blank if it was not told.")


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `InvalidInput` with every problem at its place, if there is one."""
    if found := by_place(problems):
        raise InvalidInput(found)


def by_place(problems: Iterable[Problem]) -> dict[str, list[str]]:
    """Return the sentences by the place they are about."""
    found: dict[str, list[str]] = {}
    for place, sentence in problems:
        found.setdefault(place, []).append(sentence)
    return found


def rupture_problems(
    details: RuptureDetails, *, choosable: Choosable, today: date
) -> list[Problem]:
    """What is wrong with the description of a rupture."""
    d = details
    found = _length("title", d.title, TITLE_MAX, N_("Give a title of at most 80 characters."))
    if not 1 <= len(set(d.types)) <= 3:
        found.append(("types", N_("Choose one to three types.")))
    if len(d.roots) > 5:
        found.append(("roots", N_("Choose at most five roots.")))
    if not 1 <= d.significance <= 5:
        found.append(("significance", N_("Significance goes from 1 to 5.")))
    if d.airm_step is not None and not 0 <= d.airm_step <= 8:
        found.append(("airm_step", N_("The steps go from 0 to 8.")))
    if d.occurred_on is not None and d.occurred_on > today:
        found.append(("occurred_on", N_("This day has not come yet.")))
    found += choosable.problems("types", d.types, "rupture_type")
    found += choosable.problems("roots", d.roots, "root")
    return found + _one_of(
        ("level", d.level, LEVELS),
        ("injured", d.injured, ("A", "B", "both")),
        ("precision", d.precision, PRECISIONS),
        ("visibility", d.visibility, VISIBILITIES),
        ("nature", d.nature or NATURES[0], NATURES),
    )


def attempt_problems(
    details: AttemptDetails,
    *,
    choosable: Choosable,
    happened_on: date,
    today: date,
    members: Iterable[str],
    ruptures: Mapping[str, date | None],
) -> list[Problem]:
    """What is wrong with a repair attempt. `ruptures` maps refs to the day each happened."""
    d = details
    found = _one_of(("by", d.by, tuple(members)))
    if not 1 <= len(set(d.acts)) <= 4:
        found.append(("acts", N_("Choose one to four acts.")))
    found += choosable.problems("acts", d.acts, "repair_act")
    found += choosable.problems("receipt", (d.receipt,), "receipt")
    found += _range("felt_safety_before", d.felt_safety_before)
    found += _range("felt_safety_after", d.felt_safety_after)
    if happened_on > today:
        found.append(("happened_on", N_("This day has not come yet.")))
    if d.rupture is not None and d.rupture not in ruptures:
        found.append(("rupture", N_("There is no such rupture in this record.")))
    elif d.rupture is not None and (broke := ruptures[d.rupture]) and happened_on < broke:
        found.append(("happened_on", N_("The repair lies before its rupture.")))
    return found


def rating_problems(details: RatingDetails, *, members: Iterable[str]) -> list[Problem]:
    """What is wrong with one partner's ratings."""
    d = details
    found = _one_of(
        ("partner", d.partner, tuple(members)),
        ("point", d.point, POINTS),
        ("source", d.source, ("self", "therapist")),
    )
    found += _range("felt_safety", d.felt_safety) + _range("defensiveness", d.defensiveness)
    return found + _range("regulation", d.regulation)


def entered_rating_problems(
    details: RatingDetails, *, in_session: bool, before: Iterable[RatingDetails] = ()
) -> list[Problem]:
    """What is wrong with ratings told outside a note. `before`: those told for the same moment."""
    d, told = details, [name for name in RATINGS if getattr(details, name) is not None]
    found: list[Problem] = []
    if not told:
        found.append((RATINGS[0], N_("Give at least one of the three.")))
    if in_session == (d.point == "home"):
        found.append(
            ("point", N_("Choose when in the session it was."))
            if in_session
            else ("session", N_("Choose the session that these belong to."))
        )
    same = [b for b in before if (b.partner, b.point, b.source) == (d.partner, d.point, d.source)]
    sentence = N_(
        "This was told for that moment already; mark the earlier one as entered in error."
    )
    return found + [
        (name, sentence) for name in told if any(getattr(one, name) is not None for one in same)
    ]


def entered_attempt_problems(
    details: AttemptDetails, *, happened_on: date, began_on: date
) -> list[Problem]:
    """What is wrong with an attempt told outside a note, beside `attempt_problems`."""
    found = day_problems("happened_on", happened_on, began_on=began_on)
    if "other" in details.acts and not details.note.strip():
        found.append(("note", N_("Say in words what “other” was.")))
    return found + length_problems(("note", details.note, REMARK_MAX))


def day_problems(place: str, on: date, *, began_on: date) -> list[Problem]:
    """A day from before the couple came here is a slip of the pen."""
    return [(place, N_("This lies before the couple began here."))] if on < began_on else []


def drawn_cycle_problems(details: CycleDetails) -> list[Problem]:
    """What is wrong with a cycle that somebody draws now, beside `cycle_problems`."""
    texts = [("trigger", details.trigger)]
    for at, part in enumerate(details.parts):
        texts += [(f"parts.{at}.{name}", getattr(part, name)) for name in CYCLE_TEXTS]
    found = length_problems(*((place, text, PART_MAX) for place, text in texts))
    chosen = [details.pattern, *(part.position for part in details.parts)]
    if not any(text.strip() for _place, text in texts) and not any(chosen):
        found.append(("trigger", N_("Write at least one part of the cycle.")))
    return found


def cycle_problems(
    details: CycleDetails, *, choosable: Choosable, members: Iterable[str]
) -> list[Problem]:
    """What is wrong with a cycle map."""
    known = tuple(members)
    found = choosable.problems("pattern", (details.pattern or None,), "cycle_pattern")
    for at, part in enumerate(details.parts):
        found += _one_of((f"parts.{at}.partner", part.partner, known))
        position = (part.position or None,)
        found += choosable.problems(f"parts.{at}.position", position, "cycle_position")
    return found


def error_problems(details: ErrorDetails) -> list[Problem]:
    """What is wrong with the reason why something was entered in error."""
    return _length("reason", details.reason, REASON_MAX, N_("Say in a few words what is wrong."))


def disclosure_problems(details: DisclosureDetails, *, members: Iterable[str]) -> list[Problem]:
    """What is wrong with an individual disclosure."""
    found = _one_of(("by", details.by, tuple(members)), ("decision", details.decision, DECISIONS))
    return found + _length("text", details.text, ADDITION_MAX, N_("Write what was told."))


def entered_disclosure_problems(details: DisclosureDetails) -> list[Problem]:
    """What is wrong with a disclosure that is written now, beside `disclosure_problems`."""
    return length_problems(("decision_reason", details.decision_reason, REASON_MAX))


def opened_flag_problems(details: FlagDetails) -> list[Problem]:
    """What is wrong with a flag that is opened now, beside `flag_problems`."""
    return length_problems(("owner", details.owner, NAME_MAX))


def flag_problems(details: FlagDetails) -> list[Problem]:
    """What is wrong with a safety flag."""
    found = _length("about", details.about, TEXT_MAX, N_("Say what the concern is."))
    found += _length("action", details.action, TEXT_MAX, N_("Say what is done about it."))
    if not 1 <= details.level <= 3:
        found.append(("level", N_("The level goes from 1 to 3.")))
    return found


def review_day(review_on: date | None, *, today: date, problems: Iterable[Problem]) -> date:
    """The day to look at something again, if that and all else is well. Raises `InvalidInput`."""
    if review_on is None or review_on < today:
        past = ("review_on", N_("Choose a day that is still to come."))
        raise InvalidInput(by_place([*problems, past]))
    refuse(problems)
    return review_on


def code_problems(content: NoteContent, *, choosable: Choosable) -> list[Problem]:
    """Codes in a note that cannot be chosen, each at its field."""
    found: list[Problem] = []
    for place, codes, names in coded(content):
        found += choosable.problems(place, codes, *names)
    for rating in content.ratings:
        found += _one_of((f"ratings.{rating.partner}.{rating.point}", rating.point, POINTS))
    return found


def _one_of(*choices: tuple[str, str, tuple[str, ...]]) -> list[Problem]:
    return [(place, UNKNOWN) for place, value, known in choices if value not in known]


def _range(place: str, value: int | None) -> list[Problem]:
    return [(place, OUTSIDE)] if value is not None and not LOWEST <= value <= HIGHEST else []


def _length(place: str, text: str, most: int, sentence: str) -> list[Problem]:
    if not text.strip() or most == TITLE_MAX < len(text):
        return [(place, sentence)]
    return length_problems((place, text, most))
