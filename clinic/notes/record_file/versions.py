"""A record's file as earlier versions wrote it, told in today's form. Pure.

`couple-record/1` told of a run or a measure on its own row that it was withdrawn, and by whom;
since `couple-record/2` what was entered in error stands in one list, whatever kind it is of.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from clinic.notes.record_file.document import RECORD_FORMAT

FIRST = "couple-record/1"
KNOWN = (FIRST, RECORD_FORMAT)
WITHDRAWN = {"runs": "run_id", "measures": "measure_id"}
"""The lists that told of it on their rows, and how a mark names a row of theirs."""
UNTOLD = "—"
"""Stands for a reason that the first version did not insist on."""
_NAMED: dict[str, Any] = dict.fromkeys(("attempt_id", "rating_id", *WITHDRAWN.values()))


def in_todays_form(raw: dict[str, Any]) -> dict[str, Any]:
    """A file of a known version in the form of the newest; what it says wrongly it says still."""
    if raw["format"] != FIRST:
        return raw
    found: dict[str, Any] = {"in_error": [], **raw, "format": RECORD_FORMAT}
    if not all(isinstance(found.get(name, []), list) for name in ("in_error", *WITHDRAWN)):
        return found
    marks = found["in_error"]
    found["in_error"] = [_NAMED | one if isinstance(one, dict) else one for one in marks]
    for name, named_in in WITHDRAWN.items():
        if name in found:
            rows = [one for one in found[name] if isinstance(one, dict)]
            found["in_error"] += [_mark(one, named_in) for one in rows if _is_withdrawn(one)]
            found[name] = [_unmarked(one) if isinstance(one, dict) else one for one in found[name]]
    return found


def _is_withdrawn(row: dict[str, Any]) -> bool:
    return row.get("withdrawn_at") is not None or row.get("withdrawn_by") is not None


def _mark(row: dict[str, Any], named_in: str) -> dict[str, Any]:
    """The mark that says the same; its id follows from the row's, so that it is always the same."""
    details = row.get("details")
    reason = details.get("withdrawn_because") if isinstance(details, dict) else None
    return _NAMED | {
        "id": sha256(f"entry_in_error:{row.get('id')}".encode("utf-8", "replace")).hexdigest()[:32],
        named_in: row.get("id"),
        "at": row.get("withdrawn_at"),
        "author": row.get("withdrawn_by"),
        "details": {"reason": reason or UNTOLD},
    }


def _unmarked(row: dict[str, Any]) -> dict[str, Any]:
    gone = {"withdrawn_at", "withdrawn_by", "revision"}
    found = {name: value for name, value in row.items() if name not in gone}
    if isinstance(found.get("details"), dict):
        found["details"] = {
            name: value for name, value in found["details"].items() if name != "withdrawn_because"
        }
    return found
