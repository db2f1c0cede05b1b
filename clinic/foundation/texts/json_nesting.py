"""Bound how deeply JSON values from outside are nested, so that they can be walked. Pure."""

from __future__ import annotations

from typing import Any, TypeVar

Value = TypeVar("Value")
MAX_NESTING = 100
"""Levels of lists and objects. The parser's own limit, Python's stack, is too late: a function
that calls itself for each level needs more of the stack than the parser does."""


def refuse_deep_nesting(value: Value, *, most: int = MAX_NESTING) -> Value:
    """Return a JSON value that has at most `most` levels. Raises `ValueError` for any other."""
    waiting: list[tuple[Any, int]] = [(value, 1)]  # no recursion: the depth is what is in question
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, dict | list):
            if depth > most:
                raise ValueError("it is nested too deeply")
            inner = part.values() if isinstance(part, dict) else part
            waiting.extend((one, depth + 1) for one in inner)
    return value
