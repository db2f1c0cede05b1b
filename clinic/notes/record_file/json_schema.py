"""Write the JSON Schema (2020-12) of a record's file from the dataclasses that read it. Pure."""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, Union, get_args, get_origin

from clinic.notes.record_file.document import CoupleRecord
from clinic.notes.rules.json_structure import hints_of
from clinic.notes.rules.json_values import is_omitted_when_empty

TITLE = "A couple's record"
IDENTITY = "urn:couples-clinic:couple-record:2"
_SINGLE: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}


def record_schema_text() -> str:
    """Return the schema that is published as `docs/couple-record.schema.json`, as JSON text."""
    schema = schema_of(CoupleRecord, title=TITLE, identity=IDENTITY)
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def schema_of(kind: type, *, title: str, identity: str) -> dict[str, Any]:
    """Return a schema document for `kind`; nothing else than its fields is allowed.

    Every field is required but those that are left out while nothing is told in them.
    """
    definitions: dict[str, Any] = {}
    root = _schema(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": identity,
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        inner = next(one for one in args if one is not types.NoneType)
        return {"anyOf": [_schema(inner, definitions), {"type": "null"}]}
    if origin is tuple and args[-1] is Ellipsis:
        return {"type": "array", "items": _schema(args[0], definitions)}
    if origin is tuple:
        items = [_schema(one, definitions) for one in args]
        return {"type": "array", "prefixItems": items, "minItems": len(args), "items": False}
    if is_dataclass(kind):
        return _object(kind, definitions)
    return dict(_SINGLE[kind])


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}  # stands there while its fields are looked at
        hints = hints_of(kind)
        definitions[name] = {
            "type": "object",
            "description": (kind.__doc__ or "").strip().splitlines()[0],
            "properties": {f.name: _schema(hints[f.name], definitions) for f in fields(kind)},
            "required": [f.name for f in fields(kind) if not is_omitted_when_empty(f)],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}
