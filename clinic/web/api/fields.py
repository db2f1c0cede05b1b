"""Fields of the JSON API: strict about what comes in, one form for what goes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from clinic.foundation.errors import N_
from clinic.foundation.wall_clock import utc_text

SLUG_LENGTH = 60
_SLUG = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SAID: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": N_("This is needed."),
    "null": N_("This may not be null."),
    "invalid": N_("This is of the wrong type."),
    "type": N_("This must be an object."),
}


class Document(Schema):
    """A JSON object. What it does not name is not read, so nothing can be slipped in."""

    class Meta:
        unknown = EXCLUDE

    error_messages = {"type": N_("This must be an object.")}  # noqa: RUF012 - marshmallow's own name


class Text(fields.String):
    """A JSON string; the rules about its content are the service's."""

    default_error_messages = _SAID


class Slug(Text):
    """The name of something in addresses, up to 60 characters."""

    def __init__(self, *, error: str, metadata: Mapping[str, Any] = {}, **kwargs: Any) -> None:
        def check(text: str) -> None:
            if len(text) > SLUG_LENGTH or not _SLUG.fullmatch(text):
                raise ValidationError(error)

        form = {"pattern": f"^{_SLUG.pattern}$", "maxLength": SLUG_LENGTH}
        super().__init__(validate=check, metadata={**form, **metadata}, **kwargs)


class Choice(Text):
    """One of a few words."""

    def __init__(self, *choices: str, error: str, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(choices, error=error), **kwargs)


class Truth(fields.Boolean):
    """`true` or `false`; neither 1 nor "yes"."""

    default_error_messages = _SAID

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        del attr, data, kwargs
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Texts(fields.List):
    """A JSON array of strings."""

    default_error_messages = _SAID

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Text(), **kwargs)


class Part(fields.Nested):
    """A JSON object inside another."""

    default_error_messages = _SAID


class Instant(fields.AwareDateTime):
    """An RFC 3339 instant: any offset comes in, UTC with `Z` goes out."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own name
        **_SAID,
        "invalid": N_("This is not an instant such as 2027-01-31T10:00:00Z."),
        "naive": N_("This needs its offset from UTC, such as Z or +01:00."),
    }

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        del attr, data, kwargs
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            read = datetime.fromisoformat(value.upper())
            if read.tzinfo is not None:
                return read.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        raise self.make_error("naive")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        del attr, obj, kwargs
        return None if value is None else utc_text(value)


class DayField(fields.Date):
    """`YYYY-MM-DD`, a day that exists."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own name
        **_SAID,
        "invalid": N_("This is not a day such as 2027-01-31."),
    }

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        del attr, data, kwargs
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
