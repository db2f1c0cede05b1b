"""The list above a form of what in it needs another look."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from wtforms import Form, HiddenField

_NUMBER = re.compile(r"\d+")


def error_lines(form: Form) -> Iterator[tuple[str, str]]:
    """Each line: the id of the field it leads to, empty where none is seen, and what it says.

    What is said of several fields, or differs only by its numbers, names the field it is about.
    """
    told = [(field, str(said)) for field in form for said in field.errors]
    alike = Counter(_NUMBER.sub("0", said) for _field, said in told)
    for field, said in told:
        if isinstance(field, HiddenField):
            yield "", said
        elif alike[_NUMBER.sub("0", said)] > 1:
            yield field.id, f"{field.label.text}: {said}"
        else:
            yield field.id, said
    for said in form.form_errors:
        yield "", str(said)
