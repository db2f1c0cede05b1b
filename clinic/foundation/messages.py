"""Sentences that rules say about what was entered, in English, ready to be translated by the page.

A rule knows no request and so no reader's language. It says its sentence with its numbers kept
beside it; the page looks the template up in the reader's language and puts the numbers back in.
"""

from __future__ import annotations

from clinic.foundation.errors import InvalidInput

Problems = dict[str, list[str]]
"""Sentences by field path (`name`, `title.en`, `weekly.0.1`)."""


class Message(str):
    """An English sentence that remembers its template and its parameters."""

    __slots__ = ("params", "template")

    template: str
    params: dict[str, object]


def message(template: str, **params: object) -> Message:
    """The sentence of a `%(name)s` template; translators find templates by this name."""
    sentence = Message(template % params if params else template)
    sentence.template, sentence.params = template, params
    return sentence


def refuse(problems: Problems) -> None:
    """Raise `InvalidInput` with everything that is wrong, if anything is."""
    if problems:
        raise InvalidInput(problems)
