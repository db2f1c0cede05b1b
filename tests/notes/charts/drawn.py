"""What golden tests of charts share: a chart's markup laid out for comparing, courses to draw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from clinic.notes.charts.picture import Picture
from clinic.notes.charts.svg import Mark
from clinic.notes.ledger.build_ledger import AttemptFact, LedgerInput, RatingFact, SessionFact
from clinic.notes.ledger.ledger_facts import RuptureFacts
from clinic.notes.rules.rupture_lifecycle import EventKind, RuptureEvent, RuptureStatus
from tests.notes.ledger.test_build_ledger import COURSES

VOID = re.compile(r"<(br|wbr)>")
BLANKS = re.compile(r"\s+")
BESIDE_BLOCKS = re.compile(
    r"\s*(</?(?:figure|figcaption|details|summary|div|section|ul|li|p|dl|dt|dd|table|caption|thead"
    r"|tbody|tr|th|td|br)\b[^>]*>)\s*"
)
"""A browser shows no blanks beside these."""
NEW_LINE = re.compile(
    r"\s*<(?=(?:figure|details|div|section|table|thead|tbody|tr|ul|li|p|dl|h2)\b)"
)
PICTURE_OR_TABLE = re.compile(
    r'<svg class="(?:chart|key-svg)\b.*?</svg>|<figure class="cycle">.*?</figure>|<table.*?</table>',
    re.DOTALL,
)
RECEIPTS = ("received", "partly", "ignored", "rejected")
ACTS = ("i_statement", "appreciation", "own_part", "humour")
LIFE = ("open", "in_repair", "repaired", "reopened", "in_repair", "closed_unrepaired")


def laid_out(markup: str) -> str:
    """Return the markup with one SVG element a line and its attributes in order.

    Two texts are equal exactly where the parsed markup is, up to blanks that are not shown.
    """
    closed = VOID.sub(r"<\1/>", markup.replace("&nbsp;", "\N{NO-BREAK SPACE}"))
    root = ET.fromstring("<body>" + BESIDE_BLOCKS.sub(r"\1", closed) + "</body>")
    for element in root.iter():
        element.text = BLANKS.sub(" ", element.text) if element.text else None
        element.tail = BLANKS.sub(" ", element.tail) if element.tail else None
    for picture in root.iter("svg"):
        for element in picture.iter():
            element.text = (element.text or "").strip() or None
            element.tail = element.tail if element is picture else (element.tail or "").strip()
        ET.indent(picture)
    inner = ET.canonicalize(ET.tostring(root, encoding="unicode"))
    return NEW_LINE.sub("\n<", inner.removeprefix("<body>").removesuffix("</body>")).strip() + "\n"


def pictures_and_tables(page: str) -> str:
    """Return the charts of a page with their keys and tables, and nothing of what is between."""
    return "".join(PICTURE_OR_TABLE.findall(page))


def marks_of(picture: Picture, css: str) -> list[Mark]:
    """Return the marks of a class, from back to front, those in groups too."""
    return [one for one in _walk(picture.marks) if one.attributes.get("class") == css]


def _walk(marks: Iterable[Mark]) -> Iterator[Mark]:
    for mark in marks:
        yield mark
        yield from _walk(mark.marks)


def _many() -> LedgerInput:
    """Twenty-six sessions in which everything happens more than once."""
    first = datetime(2025, 1, 7, 10, 0, tzinfo=UTC)
    starts = [first + timedelta(days=7 * n + n % 3) for n in range(26)]
    return LedgerInput(
        "C-0200",
        tuple(SessionFact(n, at, at + timedelta(minutes=50)) for n, at in enumerate(starts, 1)),
        tuple(_life(f"R-{n:02}", n, starts) for n in range(1, 7)),
        tuple(_attempt(n, starts) for n in range(1, 26)),
        tuple(
            RatingFact(who, "end", n, n * 3 % 11, n * n % 11, None if n % 7 == 0 else 10 - n % 11)
            for who in "AB"
            for n in range(1, 27)
            if (n + ord(who)) % 5
        ),
    )


def _life(ref: str, number: int, starts: list[datetime]) -> RuptureFacts:
    """A rupture that comes as far as its number, parked at last where that is lawful."""
    steps = LIFE[: 1 + number % len(LIFE)]
    steps += ("parked",) if steps[-1] in {"open", "reopened", "in_repair"} and number > 4 else ()
    sessions = [number * 2 + step * (1 + number % 3) for step in range(len(steps))]
    events = tuple(
        RuptureEvent(
            at, EventKind.STATUS, starts[session - 1], starts[session - 1], "t-1",
            RuptureStatus(to), session, "trust_dip" if to == "reopened" else None,
        )
        for at, (to, session) in enumerate(zip(steps, sessions, strict=True), 1)
    )  # fmt: skip
    return RuptureFacts(ref, 1 + number % 5, events)


def _attempt(number: int, starts: list[datetime]) -> AttemptFact:
    session = number if number % 4 else None
    day = starts[number - 1].date() + timedelta(days=0 if session else 3)
    acts = ACTS[number % 3 : number % 3 + 1 + number % 2]
    by = "AB"[number // 3 % 2]
    return AttemptFact(RECEIPTS[number % 4], session, day, acts, by, f"R-{1 + number // 5:02}")


DRAWN_COURSES = {
    **{name: course for name, course in COURSES.items() if name != "worked_example"},
    "empty": LedgerInput("C-0201"),
    "no_session_yet": LedgerInput("C-0202", ruptures=COURSES["one_session"].ruptures),
    "many_sessions": _many(),
}
"""By name; the worked example is drawn with the demo couple."""
