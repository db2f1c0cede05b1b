"""A letter as HTML: the words of its text and nothing else, its addresses to be pressed.

No picture, no colour, nothing that is loaded from anywhere: whoever opens it tells nobody. Only
lines that are an address of ours become links, so that a name somebody typed never does.
"""

from __future__ import annotations

import re
from html import escape

_PAGE = (
    '<!doctype html>\n<html lang="{language}">\n<head><meta charset="utf-8"></head>\n'
    '<body style="font-family: sans-serif; line-height: 1.5; max-width: 38em; '
    'overflow-wrap: anywhere">\n'
    "{inside}</body>\n</html>\n"
)


def html_of(text: str, *, language: str, base_url: str) -> str:
    """The letter `text` in `language`; what is set off by four spaces stays set off."""
    blocks = re.split(r"\n{2,}", text.strip("\n"))
    inside = "".join(_block(block, base_url=base_url) for block in blocks)
    return _PAGE.format(language=escape(language), inside=inside)


def _block(block: str, *, base_url: str) -> str:
    lines = "<br>\n".join(_line(line.strip(), base_url=base_url) for line in block.split("\n"))
    style = ' style="margin-left: 1.5em"' if block.startswith("    ") else ""
    return f"<p{style}>{lines}</p>\n"


def _line(line: str, *, base_url: str) -> str:
    shown = escape(line)
    if line.startswith(f"{base_url}/") and not re.search(r"\s", line):
        return f'<a href="{shown}">{shown}</a>'
    return shown
