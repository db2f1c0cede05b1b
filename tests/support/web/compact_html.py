"""Pages without the whitespace that templates put between tags, for tests that match markup."""

from __future__ import annotations

import re


def compact(page: str) -> str:
    """Return `page` with one space inside tags and none around them."""
    tags = re.sub(r"\s*(<[^>]*>)\s*", r"\1", page)
    return re.sub(r"<[^>]*>", lambda tag: re.sub(r"\s+", " ", tag[0]).replace(" >", ">"), tags)
