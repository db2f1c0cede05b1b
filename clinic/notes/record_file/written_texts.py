"""Texts of a record's file that were signed with characters refused by now. Pure.

The file shows each such character as U+FFFD, but the digest of what was signed stands on the text
as it was written: `written` holds that text as JSON in which such characters are escapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from clinic.foundation.texts.characters import places_of_refused_characters, replace_in_json
from clinic.foundation.texts.json_nesting import refuse_deep_nesting
from clinic.notes.record_file.document import CoupleRecord, WrittenPart
from clinic.notes.rules.json_values import to_plain
from clinic.notes.rules.selectable_terms import Problem

SIGNED_TEXTS = {"notes": "body", "addenda": "said"}
"""The lists whose texts digests are taken of, and the field that holds the text."""


def written_part(name: str, row_id: str, plain: Any) -> WrittenPart:
    """Return the JSON values `plain` of row `row_id` in list `name` as they were written."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return WrittenPart(name, row_id, text.replace("\x7f", "\\u007f"))


def written_of(record: CoupleRecord) -> Mapping[tuple[str, str], Any]:
    """Return what was written, by list and id; parts that cannot be read are left out."""
    found = {}
    for part in record.written or ():
        try:
            found[part.list, part.id] = refuse_deep_nesting(json.loads(part.json))
        except (ValueError, RecursionError):
            continue
    return found


def written_problems(record: CoupleRecord) -> Iterator[Problem]:
    """Yield where `written` holds another text than the file shows, or one it need not hold."""
    shown = {
        (name, one.id): to_plain(getattr(one, field))
        for name, field in SIGNED_TEXTS.items()
        for one in getattr(record, name)
    }
    written = written_of(record)
    for at, part in enumerate(record.written or ()):
        key = (part.list, part.id)
        if key not in shown:
            yield f"written[{at}].id", "There is no such text in the file."
        elif key not in written or replace_in_json(written[key]) != shown[key]:
            yield f"written[{at}].json", "This is not the text that the file shows."
        elif not places_of_refused_characters(written[key]):
            yield f"written[{at}].json", "This text holds nothing that must be told apart."
