"""The problem documents of the JSON API (RFC 9457), for its OpenAPI document.

They are made in `clinic/web/shell/errors.py`; the contract test holds the two together.
"""

from __future__ import annotations

from marshmallow import fields

from clinic.booking.slots.start_restrictions import RestrictionRule
from clinic.web.api.fields import Document, Part, Text
from clinic.web.api.schemas import SlotOut


class Problem(Document):
    """What went wrong (RFC 9457)."""

    type = Text(required=True, metadata={"description": "Its last part names the problem."})
    title = Text(required=True)
    status = fields.Integer(required=True)
    detail = Text(required=True)
    request_id = Text(required=True)


class ConflictProblem(Problem):
    """It cannot be done any more; for a taken time, the nearest free ones."""

    rule = Text(metadata={"enum": [rule.value for rule in RestrictionRule]})
    alternatives = fields.List(Part(SlotOut), metadata={"maxItems": 3})


class InputProblem(Problem):
    """What is wrong, by the path of the field; for a time that is not offered, the rule."""

    errors = fields.Dict(
        required=True,
        metadata={"additionalProperties": {"type": "array", "items": {"type": "string"}}},
    )
    rule = Text(metadata={"enum": [rule.value for rule in RestrictionRule]})
