"""What is wrong with a vocabulary file: every problem, each with its place.

Nothing here raises; the loader in `vocabulary.py` decides what to do with the findings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SOURCES = frozenset({"S1", "S2", "S3", "X", "P"})
"""S1 to S3 are the seed documents, X an addition from the literature, P the clinic's decision."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")
TERM_TEXTS = ("label_en", "label_pt", "definition_en", "definition_pt")


def problems_in(raw: object, *, name: str) -> list[str]:
    """Every problem in one parsed vocabulary file, as `name: place: what is wrong`."""
    if not isinstance(raw, Mapping):
        return [f"{name}: the file must hold one object"]
    found = [*_heading_problems(raw, name), *_terms_problems(raw)]
    return [f"{name}: {problem}" for problem in found]


def _heading_problems(raw: Mapping[str, Any], name: str) -> list[str]:
    found = [f"{key} is missing" for key in ("label_en", "label_pt") if not _text(raw.get(key))]
    if raw.get("name") != name:
        found.append(f"name is {raw.get('name')!r}, the file is called {name!r}")
    return found


def _terms_problems(raw: Mapping[str, Any]) -> list[str]:
    terms = raw.get("terms")
    if not isinstance(terms, list) or not terms:
        return ["terms must be a list of at least one term"]
    found: list[str] = []
    for index, term in enumerate(terms):
        place = f"terms[{index}]"
        if not isinstance(term, Mapping):
            found.append(f"{place}: must be an object")
            continue
        found += [f"{place} {problem}" for problem in _term_problems(term)]
    whole = [term for term in terms if isinstance(term, Mapping)]
    return found + _order_problems(whole) + _other_problems(raw, whole)


def _term_problems(term: Mapping[str, Any]) -> list[str]:
    code = term.get("code")
    found = []
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        found.append(f"code {code!r} must be lower case letters, digits and underscores")
    found += [f"({code}): {key} is missing" for key in TERM_TEXTS if not _text(term.get(key))]
    found += [f"({code}): {problem}" for problem in _detail_problems(term)]
    return found


def _detail_problems(term: Mapping[str, Any]) -> list[str]:
    found = []
    sources = term.get("source")
    if not isinstance(sources, list) or not sources or not set(map(str, sources)) <= SOURCES:
        found.append(f"source {sources!r} must name one or more of {', '.join(sorted(SOURCES))}")
    if not isinstance(term.get("active"), bool):
        found.append("active must be true or false")
    if not isinstance(term.get("sort"), int) or isinstance(term.get("sort"), bool):
        found.append("sort must be a whole number")
    if not isinstance(term.get("needs_text", False), bool):
        found.append("needs_text must be true or false")
    if term.get("valence") not in {None, "+", "-"}:
        found.append("valence must be + or -")
    if not isinstance(term.get("params", {}), Mapping):
        found.append("params must be an object")
    return found


def _order_problems(terms: list[Mapping[str, Any]]) -> list[str]:
    found = []
    seen: set[str] = set()
    last: int | None = None
    for term in terms:
        code, sort = str(term.get("code")), term.get("sort")
        if code in seen:
            found.append(f"code {code!r} is there twice")
        seen.add(code)
        if isinstance(sort, int):
            if last is not None and sort <= last:
                found.append(f"({code}): sort {sort} does not rise above {last}")
            last = sort
    return found


def _other_problems(raw: Mapping[str, Any], terms: list[Mapping[str, Any]]) -> list[str]:
    others = [term for term in terms if term.get("code") == "other"]
    if not raw.get("has_other", True):
        return ["a fixed set has no term 'other'"] if others else []
    if not others:
        return ["the term 'other' is missing"]
    return [] if others[0].get("needs_text") is True else ["'other' must ask for a text"]


def _text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""
