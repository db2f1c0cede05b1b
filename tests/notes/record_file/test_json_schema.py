from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime

import jsonschema_rs
import pytest

from clinic.notes.record_file.json_schema import record_schema_text, schema_of
from clinic.notes.rules.json_values import WHEN_TOLD
from tests.support.notes.record_files import a_record
from tests.support.paths import ROOT

SCHEMA = ROOT / "docs" / "couple-record.schema.json"


def test_published_schema_is_what_the_code_writes():
    assert SCHEMA.read_text(encoding="utf-8") == record_schema_text()


@pytest.mark.usefixtures("context")
def test_record_that_was_exported_follows_the_published_schema():
    _couple, text, _ledger = a_record()
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))

    assert jsonschema_rs.validator_for(published).is_valid(json.loads(text))


@dataclass(frozen=True)
class Line:
    """A line.

    With a second paragraph.
    """

    day: date
    pair: tuple[str, int]


@dataclass(frozen=True)
class Page:
    """A page."""

    at: datetime
    lines: tuple[Line, ...]
    first: Line | None
    done: bool
    later: str = field(default="", metadata=WHEN_TOLD)


def test_schema_of_a_dataclass_names_every_field_and_allows_no_other():
    assert schema_of(Page, title="Pages", identity="https://example.org/page") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.org/page",
        "title": "Pages",
        "$ref": "#/$defs/Page",
        "$defs": {
            "Line": {
                "type": "object",
                "description": "A line.",
                "properties": {
                    "day": {"type": "string", "format": "date"},
                    "pair": {
                        "type": "array",
                        "prefixItems": [{"type": "string"}, {"type": "integer"}],
                        "minItems": 2,
                        "items": False,
                    },
                },
                "required": ["day", "pair"],
                "additionalProperties": False,
            },
            "Page": {
                "type": "object",
                "description": "A page.",
                "properties": {
                    "at": {"type": "string", "format": "date-time"},
                    "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
                    "first": {"anyOf": [{"$ref": "#/$defs/Line"}, {"type": "null"}]},
                    "done": {"type": "boolean"},
                    "later": {"type": "string"},
                },
                "required": ["at", "lines", "first", "done"],
                "additionalProperties": False,
            },
        },
    }
