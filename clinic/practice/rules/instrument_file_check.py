"""What is wrong with an instrument's definition file: every problem, each with its place. Pure.

Nothing here raises; the loader in `instruments.py` decides what to do with the findings.
Numbers come as whole numbers or `Decimal`: a file is never read as floats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from clinic.practice.rules.practice_rules import SITE_LANGUAGES

INSTRUMENT_FORMAT = "instrument/1"
METHODS = ("sum", "mean")
BETTER = ("higher", "lower", "neither")
DIRECTIONS = ("below", "at_or_below", "above", "at_or_above")
MOST_ITEMS = 200
MOST_SCALES = 20
LARGEST = 10_000
INSTRUMENT_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
INSTRUMENT_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")
_KEYS = {
    "": {"format", "code", "version", "language", "name", "licence", "source", "intro", "items",
         "scales"},
    "items": {"code", "text", "lowest", "highest", "labels", "reversed", "look_from"},
    "labels": {"value", "text"},
    "scales": {"code", "name", "items", "method", "times", "most_missing", "better", "cut_offs",
               "change"},
    "cut_offs": {"value", "direction", "meaning", "source"},
    "change": {"amount", "norm_source"},
}  # fmt: skip


def problems_in(raw: object) -> list[str]:
    """Every problem in one parsed definition, as `place: what is wrong`."""
    if not isinstance(raw, Mapping):
        return ["the file must hold one object"]
    items = _objects(raw.get("items"))
    found = [*_heading(raw), *_lists(raw)]
    for at, item in items:
        found += _item(item, f"items[{at}]")
    found += _doubles("items", items)
    scales = _objects(raw.get("scales"))
    item_codes = [str(item.get("code")) for _at, item in items]
    for at, scale in scales:
        found += _scale(scale, f"scales[{at}]", item_codes)
    return found + _doubles("scales", scales)


def _heading(raw: Mapping[str, Any]) -> list[str]:
    found = _unknown(raw, "", "")
    if raw.get("format") != INSTRUMENT_FORMAT:
        found.append(f"format: must be {INSTRUMENT_FORMAT!r}")
    found += _matches(raw, "code", INSTRUMENT_CODE, "lower case letters, digits and underscores")
    found += _matches(raw, "version", INSTRUMENT_VERSION, "letters, digits, dots and dashes")
    if raw.get("language") not in SITE_LANGUAGES:
        found.append(f"language: must be one of {', '.join(SITE_LANGUAGES)}")
    for key, most in (("name", 120), ("licence", 1_000), ("source", 1_000)):
        found += _words(raw, key, key, most=most)
    return found + _words(raw, "intro", "intro", most=2_000, needed=False)


def _lists(raw: Mapping[str, Any]) -> list[str]:
    found = []
    for key, most in (("items", MOST_ITEMS), ("scales", MOST_SCALES)):
        value = raw.get(key)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            found.append(f"{key}: must be a list of 1 to {most}")
        else:
            found += [
                f"{key}[{at}]: must be an object"
                for at, one in enumerate(value)
                if not isinstance(one, Mapping)
            ]
    return found


def _item(item: Mapping[str, Any], place: str) -> list[str]:
    found = _unknown(item, "items", place)
    found += _matches(
        item, "code", INSTRUMENT_CODE, "lower case letters, digits and underscores", place
    )
    found += _words(item, "text", f"{place}.text", most=600)
    low: Any = item.get("lowest")
    high: Any = item.get("highest")
    if not (_whole(low) and _whole(high) and low < high):
        found.append(f"{place}: lowest and highest must be whole numbers, the lowest first")
    elif high - low > 100:
        found.append(f"{place}: there are at most 101 answers")
    if not isinstance(item.get("reversed", False), bool):
        found.append(f"{place}.reversed: must be true or false")
    if "look_from" in item and not _whole(item["look_from"]):
        found.append(f"{place}.look_from: must be a whole number")
    return found + _labels(item, place)


def _labels(item: Mapping[str, Any], place: str) -> list[str]:
    labels = item.get("labels", [])
    if not isinstance(labels, list):
        return [f"{place}.labels: must be a list"]
    found = []
    for at, label in enumerate(labels):
        here = f"{place}.labels[{at}]"
        if not isinstance(label, Mapping) or not _whole(label.get("value")):
            found.append(f"{here}: must have a whole number as its value")
            continue
        found += _unknown(label, "labels", here) + _words(label, "text", f"{here}.text", most=120)
        low, high = item.get("lowest"), item.get("highest")
        if _whole(low) and _whole(high) and not low <= label["value"] <= high:
            found.append(f"{here}.value: lies outside {low} to {high}")
    values = [label["value"] for label in labels if isinstance(label, Mapping) and "value" in label]
    if len({str(one) for one in values}) < len(values):
        found.append(f"{place}.labels: a value is there twice")
    return found


def _scale(scale: Mapping[str, Any], place: str, item_codes: list[str]) -> list[str]:
    found = _unknown(scale, "scales", place)
    found += _matches(
        scale, "code", INSTRUMENT_CODE, "lower case letters, digits and underscores", place
    )
    found += _words(scale, "name", f"{place}.name", most=120)
    items = scale.get("items")
    if not isinstance(items, list) or not items:
        found.append(f"{place}.items: must list at least one item")
        items = []
    for at, code in enumerate(items):
        if code not in item_codes:
            found.append(f"{place}.items[{at}]: there is no item {code!r}")
        elif code in items[:at]:
            found.append(f"{place}.items[{at}]: {code!r} is there twice")
    if scale.get("method") not in METHODS:
        found.append(f"{place}.method: must be one of {', '.join(METHODS)}")
    if scale.get("better", "neither") not in BETTER:
        found.append(f"{place}.better: must be one of {', '.join(BETTER)}")
    if not _number(scale.get("times", 1)) or scale.get("times", 1) <= 0:
        found.append(f"{place}.times: must be a number above 0")
    missing = scale.get("most_missing", 0)
    if not _whole(missing) or not 0 <= missing < max(len(items), 1):
        found.append(f"{place}.most_missing: must leave at least one item answered")
    return found + _cut_offs(scale, place) + _change(scale, place)


def _cut_offs(scale: Mapping[str, Any], place: str) -> list[str]:
    cut_offs = scale.get("cut_offs", [])
    if not isinstance(cut_offs, list):
        return [f"{place}.cut_offs: must be a list"]
    found = []
    for at, one in enumerate(cut_offs):
        here = f"{place}.cut_offs[{at}]"
        if not isinstance(one, Mapping):
            found.append(f"{here}: must be an object")
            continue
        found += _unknown(one, "cut_offs", here)
        if not _number(one.get("value")):
            found.append(f"{here}.value: must be a number")
        if one.get("direction") not in DIRECTIONS:
            found.append(f"{here}.direction: must be one of {', '.join(DIRECTIONS)}")
        for key in ("meaning", "source"):
            found += _words(one, key, f"{here}.{key}", most=300)
    return found


def _change(scale: Mapping[str, Any], place: str) -> list[str]:
    change = scale.get("change")
    if change is None:
        return []
    here = f"{place}.change"
    if not isinstance(change, Mapping):
        return [f"{here}: must be an object"]
    found = _unknown(change, "change", here)
    if not _number(change.get("amount")) or change["amount"] <= 0:
        found.append(f"{here}.amount: must be a number above 0")
    return found + _words(change, "norm_source", f"{here}.norm_source", most=300, needed=False)


def _objects(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    if not isinstance(value, list):
        return []
    return [(at, one) for at, one in enumerate(value) if isinstance(one, Mapping)]


def _doubles(key: str, parts: Iterable[tuple[int, Mapping[str, Any]]]) -> list[str]:
    found, seen = [], set()
    for at, one in parts:
        code = str(one.get("code"))
        if code in seen:
            found.append(f"{key}[{at}].code: {code!r} is there twice")
        seen.add(code)
    return found


def _unknown(one: Mapping[str, Any], kind: str, place: str) -> list[str]:
    prefix = f"{place}." if place else ""
    return [f"{prefix}{key}: is not known here" for key in one if key not in _KEYS[kind]]


def _matches(
    one: Mapping[str, Any], key: str, pattern: re.Pattern[str], expected: str, place: str = ""
) -> list[str]:
    value = one.get(key)
    if isinstance(value, str) and pattern.fullmatch(value):
        return []
    return [f"{place}.{key}: must be {expected}" if place else f"{key}: must be {expected}"]


def _words(
    one: Mapping[str, Any], key: str, place: str, *, most: int, needed: bool = True
) -> list[str]:
    value = one.get(key)
    if value is None and not needed:
        return []
    if not isinstance(value, str) or not value.strip():
        return [f"{place}: is missing"]
    return [f"{place}: is longer than {most} characters"] if len(value) > most else []


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _number(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value) <= LARGEST
    return _whole(value)
