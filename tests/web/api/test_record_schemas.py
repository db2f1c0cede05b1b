from __future__ import annotations

from datetime import UTC, datetime

import pytest
from marshmallow import ValidationError

from clinic.web.api.record_schemas import TimelineOut, TimelineQuery


@pytest.mark.parametrize(
    ("sent", "limit"), [({}, 25), ({"limit": "1"}, 1), ({"limit": "100"}, 100)]
)
def test_a_page_holds_25_items_unless_told_otherwise(sent, limit):
    assert TimelineQuery().load(sent) == {"limit": limit}


@pytest.mark.parametrize("limit", ["0", "101", "01", "1.0", " 1", "1e2", "٣", "", 5, None])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ValidationError) as refused:
        TimelineQuery().load({"limit": limit})

    assert list(refused.value.messages) == ["limit"]


def test_an_item_names_what_it_is_and_leaves_the_others_null():
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    others = {"note": None, "rupture": None, "attempt": None, "session": None}
    run = {"asker": "A", "listener": "B", "end_state": "done", "first_pause_s": None}
    item = {"what": "run", "id": "r-1", "at": at, "run": run, **others}

    assert TimelineOut().dump({"couple": "C-0001", "items": [item], "next_cursor": None}) == {
        "couple": "C-0001",
        "items": [{"what": "run", "id": "r-1", "at": "2026-11-20T10:00:00Z", "run": run, **others}],
        "next_cursor": None,
    }
