"""What a page says is wrong, and where."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import TestResponse


def errors_of(page: TestResponse) -> dict[str, list[str]]:
    """By the id of the field, what is said at it."""
    found = re.findall(r'<div id="([\w-]+)-error">(.*?)</div>', page.text, re.DOTALL)
    return {
        field: [unescape(said) for said in re.findall(r"<span>([^<]*)</span>", told)]
        for field, told in found
    }


def summary_of(page: TestResponse) -> list[tuple[str, str]]:
    """The list above the form: where each line leads, and what it says."""
    found = re.findall(r'<a class="block" href="#([\w-]+)">([^<]*)</a>', page.text)
    return [(field, unescape(said)) for field, said in found]


def typed_into(page: TestResponse, field: str) -> str:
    """The text that stands in a text area or a line."""
    found = re.search(
        rf'(?:<textarea[^>]* id="{field}"[^>]*>\s*([^<]*)|<input[^>]* id="{field}"[^>]* value="([^"]*)")',
        page.text,
    )
    assert found is not None, f"no field {field}"
    return found[1] or found[2] or ""
