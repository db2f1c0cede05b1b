"""The timeline of a couple's record as a JSON document: what its page shows, in codes."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

from clinic.foundation.errors import N_
from clinic.web.api.fields import Document, Instant, Part, Text, Texts, Truth

PAGE_AT_MOST = 100
_NUMBER = re.compile("[1-9][0-9]{0,2}")
_LIMIT = N_("A page holds 1 to 100 items.")


class PageSize(fields.Integer):
    """How many items a page holds: digits, 1 to 100."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        del attr, data, kwargs
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise ValidationError(_LIMIT)
        if int(value) > PAGE_AT_MOST:
            raise ValidationError(_LIMIT)
        return int(value)


class TimelineQuery(Document):
    """Which page of the timeline."""

    limit = PageSize(load_default=25, metadata={"minimum": 1, "maximum": PAGE_AT_MOST})
    before = Text(metadata={"description": "`next_cursor` of the page before."})


class StandingOut(Document):
    """How a rupture stood in one session."""

    ref = Text(required=True)
    status = Text(required=True, allow_none=True)


class NoteOut(Document):
    """A session note in the timeline."""

    number = fields.Integer(required=True, allow_none=True)
    status = Text(required=True)
    kind = Text(required=True)
    end = Instant(required=True)
    is_late = Truth(required=True)
    plan = Text(required=True, metadata={"description": "Its beginning, where it is long."})
    ruptures = fields.List(Part(StandingOut), required=True)
    safety = Text(required=True, allow_none=True)


class RuptureOut(Document):
    """A rupture, at the instant it was opened; its status is today's."""

    ref = Text(required=True)
    title = Text(required=True)
    types = Texts(required=True)
    status = Text(required=True, allow_none=True)


class AttemptOut(Document):
    """A repair attempt; `session` is null at home."""

    by = Text(required=True, metadata={"description": "The partner: A or B."})
    acts = Texts(required=True)
    receipt = Text(required=True)
    rupture = Text(required=True, allow_none=True)
    facilitated = Truth(required=True)
    felt_safety_before = fields.Integer(required=True, allow_none=True)
    felt_safety_after = fields.Integer(required=True, allow_none=True)
    session = fields.Integer(required=True, allow_none=True)


class RunOut(Document):
    """A Transparency Window that was held; `first_pause_s` is null without a pause."""

    asker = Text(required=True, metadata={"description": "The partner: A or B."})
    listener = Text(required=True)
    end_state = Text(required=True)
    first_pause_s = fields.Integer(required=True, allow_none=True)


class SessionOut(Document):
    """A session that another therapist held with one partner alone: only when it ended."""

    end = Instant(required=True)


class TimelineItemOut(Document):
    """One item: the member that `what` names is filled, the others are null."""

    what = Text(required=True, metadata={"enum": ["note", "rupture", "attempt", "run", "session"]})
    id = Text(required=True)
    at = Instant(required=True)
    note = Part(NoteOut, required=True, allow_none=True)
    rupture = Part(RuptureOut, required=True, allow_none=True)
    attempt = Part(AttemptOut, required=True, allow_none=True)
    run = Part(RunOut, required=True, allow_none=True)
    session = Part(SessionOut, required=True, allow_none=True)


class TimelineOut(Document):
    """A page of the timeline, newest first."""

    couple = Text(required=True, metadata={"description": "Its code."})
    items = fields.List(Part(TimelineItemOut), required=True)
    next_cursor = Text(
        required=True, allow_none=True, metadata={"description": "Null on the last page."}
    )
