"""Short texts that are kept and shown on one line: names that people give to things. Pure."""

from __future__ import annotations

from clinic.foundation.texts.characters import has_refused_characters

LINE_BREAKS_AND_TABS = frozenset("\t\n\r\u2028\u2029")


def has_control_characters(text: str) -> bool:
    """Whether there is a line break, a NUL, a lone surrogate or the like in it."""
    return has_refused_characters(text) or not LINE_BREAKS_AND_TABS.isdisjoint(text)


def one_line(text: str, *, longest: int) -> str | None:
    """The text with white space folded; None when it is empty, too long or not to be shown."""
    folded = " ".join(text.split())
    if not 0 < len(folded) <= longest or has_control_characters(folded):
        return None
    return folded
