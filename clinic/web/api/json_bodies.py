"""Reading what a program sent: JSON and nothing else, every mistake answered by its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request
from flask_babel import gettext
from marshmallow import Schema, ValidationError
from webargs.core import is_json
from webargs.flaskparser import FlaskParser

from clinic.foundation.errors import N_, ClinicError, InvalidInput
from clinic.foundation.texts.characters import CANNOT_BE_KEPT, places_of_refused_characters
from clinic.foundation.texts.json_nesting import refuse_deep_nesting


class NotJson(ClinicError):
    """Please send JSON."""

    status = 415
    code = "not-json"
    says = N_("Please send JSON, and say so in the content type.")


class UnreadableJson(ClinicError):
    """This is not JSON."""

    status = 400
    code = "unreadable-json"
    says = N_("This is not JSON as RFC 8259 has it.")


class JsonParser(FlaskParser):
    """webargs' parser, with our own idea of JSON and of errors."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body. An empty one is an empty object: what is missing will be named."""
        del schema
        body = req.get_data()
        if not body:
            return {}
        if not is_json(req.mimetype):
            raise NotJson
        found = read_json(body)
        if places := places_of_refused_characters(found):
            raise InvalidInput({place or "body": [gettext(CANNOT_BE_KEPT)] for place in places})
        return found

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Answer with every problem by its path (the part of the request is left out)."""
        del req, schema, error_status_code, error_headers
        found: dict[str, list[str]] = {}
        by_location: dict[str, Any] = error.messages_dict
        for messages in by_location.values():
            for path, said in by_path(messages):
                found.setdefault(path or "body", []).append(said)
        raise InvalidInput(found) from None


def read_json(body: bytes) -> Any:
    """Parse strictly: UTF-8, no NaN, no endless numbers, no bottomless nesting."""
    try:
        return refuse_deep_nesting(json.loads(body.decode("utf-8"), parse_constant=_refuse))
    except (ValueError, RecursionError):
        raise UnreadableJson from None


def by_path(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Validation's nested messages as (`partner.email`, sentence)."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            longer = path if name == "_schema" else f"{path}.{name}".lstrip(".")
            yield from by_path(inner, longer)
    elif isinstance(messages, list):
        for said in messages:
            yield from by_path(said, path)
    else:
        yield path, str(messages)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
