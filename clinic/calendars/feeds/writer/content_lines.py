"""Content lines of iCalendar: TEXT values and folding (RFC 5545 sections 3.1 and 3.3.11)."""

from __future__ import annotations

import re

CRLF = "\r\n"
MAX_OCTETS = 75  # of a line, its CRLF not counted

# Some readers take every Unicode line end for the end of a line, and with it a folded name
# for a property; so all of them become the one newline that TEXT can say.
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Control characters but tab and newline, and halves of surrogate pairs, which UTF-8 cannot say
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPECIAL = re.compile(r"[\\;,]")
_UNITS = re.compile(r"\\.|.", re.DOTALL)


def clean(value: str) -> str:
    """`value` without control characters, each of its line ends a newline."""
    return _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", value))


def escape(value: str) -> str:
    """`value` as an iCalendar TEXT: cleaned, and escaped once."""
    return _SPECIAL.sub(r"\\\g<0>", clean(value)).replace("\n", "\\n")


def fold(line: str) -> str:
    """A content line with its CRLF, broken into lines of at most 75 octets.

    Breaks fall between characters and never inside an escape, which some readers undo line
    by line.
    """
    if len(line) <= MAX_OCTETS and (line.isascii() or len(line.encode()) <= MAX_OCTETS):
        return line + CRLF
    lines, start, octets = [], 0, 0
    for unit in _UNITS.finditer(line):
        size = len(unit[0].encode())
        if octets + size > MAX_OCTETS:
            lines.append(line[start : unit.start()])
            start, octets = unit.start(), 1  # the space that marks a continuation
        octets += size
    lines.append(line[start:])
    return (CRLF + " ").join(lines) + CRLF


def unfold(text: str) -> str:
    """Folded content lines as the whole lines they were made from."""
    return text.replace(CRLF + " ", "")
