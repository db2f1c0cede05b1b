"""The Transparency Window: ten minutes, one question, a pause when defensiveness passes the limit.

Pure. The window has a clock of its own, which runs while the two talk and stands still in a pause;
every `t_s` is a second of that clock. A run is its log: what follows from it (phases, the first
pause, the seconds left, how it ended) is replayed, never stored. Source: domain 1.12 and 2.9.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from clinic.foundation.errors import N_
from clinic.notes.rules.note_checks import HIGHEST, LOWEST
from clinic.notes.rules.selectable_terms import Problem
from clinic.notes.rules.text_limits import REASON_MAX, length_problems
from clinic.practice.rules.vocabulary import load_vocabulary

WINDOW = "transparency_window"
WINDOW_EVENT_KINDS = ("start", "tick", "pause", "resume", "stop")
MOST_HAPPENINGS = 400
LONGEST_PAUSE_S = 24 * 60 * 60
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class WindowRules:
    """The parameters of the exercise, from its term in the vocabulary."""

    duration_s: int
    threshold: int
    comparison: str
    pause_min_s: int
    prompts_s: tuple[int, ...]
    question_max: int

    def pauses(self, value: int) -> bool:
        """Whether a rating pauses the window: 5 goes on, 6 pauses."""
        return _COMPARISONS[self.comparison](value, self.threshold)


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a run's log: a rating (`tick`) of a partner, or what was done with the clock.

    `waited_s` says how long the pause lasted that a `resume` ends, where somebody noted it.
    """

    t_s: int
    kind: str
    person: str | None = None
    value: int | None = None
    waited_s: int | None = None


@dataclass(frozen=True, slots=True)
class RunDetails:
    """One run as it is kept: who asked whom what, that both agreed, and the log."""

    asker: str
    listener: str
    question: str
    consent_a: bool
    consent_b: bool
    log: tuple[Happening, ...] = ()
    reflection_a: str = ""
    reflection_b: str = ""
    exercise: str = WINDOW


@dataclass(frozen=True, slots=True)
class Phase:
    """Talking from one second to another, or a pause; `because` is `rule` or `asked`."""

    kind: str
    from_s: int
    until_s: int
    because: str | None = None
    waited_s: int | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """What follows from a log. `end_state` is None while the window may still go on."""

    phases: tuple[Phase, ...]
    elapsed_s: int
    left_s: int
    is_paused: bool
    end_state: str | None

    @property
    def pauses(self) -> tuple[Phase, ...]:
        """The pauses, in order."""
        return tuple(one for one in self.phases if one.kind == "paused")

    @property
    def first_pause_s(self) -> int | None:
        """The second of the first pause."""
        return self.pauses[0].from_s if self.pauses else None


@cache
def window_rules() -> WindowRules:
    """The rules that the vocabulary gives."""
    params = load_vocabulary("exercise").term(WINDOW).params
    return WindowRules(
        duration_s=params["duration_s"],
        threshold=params["pause_threshold"],
        comparison=params["pause_comparison"],
        pause_min_s=params["pause_min_s"],
        prompts_s=params["rating_prompts_s"],
        question_max=params["question_max_characters"],
    )


def replay(
    log: Iterable[Happening], *, closed: bool = True, rules: WindowRules | None = None
) -> RunState:
    """What a log comes to; what cannot follow in it is passed over.

    A `closed` log is one of a run that is over: who was talking talked the time out, and a pause
    that nobody took up again ended the run.
    """
    clock = _Clock(rules or window_rules())
    for one in log:
        clock.apply(one)
    return clock.state(closed=closed)


def log_problems(log: Sequence[Happening], *, rules: WindowRules | None = None) -> list[Problem]:
    """What cannot follow in a log, by its place."""
    clock = _Clock(rules or window_rules())
    results = ((f"log.{at}", clock.apply(one)) for at, one in enumerate(log))
    return [(place, said) for place, said in results if said is not None]


def run_problems(
    details: RunDetails, *, happened_on: date, today: date, members: Iterable[str]
) -> list[Problem]:
    """What is wrong with a run."""
    d, rules, known = details, window_rules(), tuple(members)
    found: list[Problem] = []
    if d.exercise != WINDOW:
        found.append(("exercise", N_("Choose one from the list.")))
    if {d.asker, d.listener} - set(known) or d.asker == d.listener:
        found.append(("asker", N_("One partner asks, the other one listens.")))
    if not 1 <= len(d.question.strip()) <= rules.question_max:
        found.append(("question", N_("Write the one question, in at most 200 characters.")))
    if happened_on > today:
        found.append(("happened_on", N_("This day has not come yet.")))
    if d.log and not (d.consent_a and d.consent_b):
        found.append(("consent", N_("Without the consent of both it is not begun.")))
    for name, text in (("reflection_a", d.reflection_a), ("reflection_b", d.reflection_b)):
        found += length_problems((name, text, REASON_MAX))
    if len(d.log) > MOST_HAPPENINGS:
        return [*found, ("log", N_("A window holds at most 400 entries."))]
    return found + _entry_problems(d) + log_problems(d.log, rules=rules)


def clock_text(t_s: int) -> str:
    """A second of the window's clock as people read it: 5:40."""
    return f"{t_s // 60}:{t_s % 60:02}"


def _entry_problems(details: RunDetails) -> list[Problem]:
    found: list[Problem] = []
    for at, one in enumerate(details.log):
        place = f"log.{at}"
        if one.kind not in WINDOW_EVENT_KINDS:
            found.append((place, N_("Choose one from the list.")))
        if one.person not in {None, details.asker, details.listener}:
            found.append((place, N_("Only the two who talk rate and pause.")))
        if (one.kind == "tick") != (one.value is not None):
            found.append((place, N_("A rating, and nothing else, has a number.")))
        if one.kind == "tick" and one.person is None:
            found.append((place, N_("Say whose rating it is.")))
        if one.value is not None and not LOWEST <= one.value <= HIGHEST:
            found.append((place, N_("A rating goes from 0 to 10.")))
        if one.waited_s is not None and not (
            one.kind == "resume" and 0 <= one.waited_s <= LONGEST_PAUSE_S
        ):
            found.append((place, N_("A pause lasts up to a day.")))
    return found


class _Clock:
    """The window's clock, taken through a log."""

    def __init__(self, rules: WindowRules) -> None:
        self._rules = rules
        self._now = self._since = 0
        self._stands = "not_started"
        self._because = self._ended = ""
        self._phases: list[Phase] = []

    def apply(self, one: Happening) -> str | None:
        """Apply one entry, or return why it cannot follow."""
        if one.kind == "start":
            return self._start(one)
        if self._stands in {"not_started", "over"}:
            return N_("The window is not open at this point.")
        if self._stands == "paused" and one.t_s != self._now:
            return N_("The clock stands still in a pause: say first that it was taken up again.")
        if not self._now <= one.t_s <= self._rules.duration_s:
            return N_("The entries stand in order, from 0:00 to the end of the time.")
        self._now = one.t_s
        return self._do(one)

    def state(self, *, closed: bool) -> RunState:
        """Where the window stands."""
        left = self._rules.duration_s - self._now
        if self._stands == "talking" and (closed or not left):
            self._now, left = self._rules.duration_s, 0
            self._end("paused_resumed" if self._was_paused() else "completed")
        elif closed and self._stands == "paused":
            self._end("stopped")
        ended = self._stands == "over"
        phases = self._phases if ended else [*self._phases, *self._lasting()]
        return RunState(
            phases=tuple(phases),
            elapsed_s=self._now,
            left_s=left,
            is_paused=self._stands == "paused",
            end_state=self._ended or ("not_started" if closed else None),
        )

    def _start(self, one: Happening) -> str | None:
        if self._stands != "not_started" or one.t_s:
            return N_("A window is begun once, at 0:00.")
        self._stands = "talking"
        return None

    def _do(self, one: Happening) -> str | None:
        if one.kind == "resume":
            return self._resume(one)
        if one.kind == "stop":
            if self._now == self._rules.duration_s:
                return N_("The time was over already.")
            self._end("stopped")
        elif one.kind == "pause":
            self._pause("asked")
        elif one.value is not None and self._rules.pauses(one.value):
            self._pause("rule")
        return None

    def _pause(self, because: str) -> None:
        """A second press in a pause changes nothing, and at the end nothing is left to pause."""
        if self._stands != "talking" or self._now == self._rules.duration_s:
            return
        self._phases += self._lasting()
        self._stands, self._because = "paused", because

    def _resume(self, one: Happening) -> str | None:
        if self._stands != "paused":
            return N_("Only a pause can be taken up again.")
        self._phases.append(Phase("paused", self._now, self._now, self._because, one.waited_s))
        self._stands, self._since = "talking", self._now
        return None

    def _end(self, end_state: str) -> None:
        self._phases += self._lasting()
        self._stands, self._ended = "over", end_state

    def _was_paused(self) -> bool:
        return any(one.kind == "paused" for one in self._phases)

    def _lasting(self) -> list[Phase]:
        """The phase that has not ended yet."""
        if self._stands == "paused":
            return [Phase("paused", self._now, self._now, self._because)]
        if self._stands == "talking":
            return [Phase("talking", self._since, self._now)]
        return []
