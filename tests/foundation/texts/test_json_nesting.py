from __future__ import annotations

import json

import pytest

from clinic.foundation.texts.json_nesting import MAX_NESTING, refuse_deep_nesting


def nested(levels):
    """Return lists and objects in turn, one in the other."""
    value = "in the middle"
    for level in range(levels):
        value = {"a": value} if level % 2 else ["beside", value]
    return value


@pytest.mark.parametrize("value", [None, "text", 5, [], {}, nested(MAX_NESTING)])
def test_a_value_with_few_levels_is_returned(value):
    assert refuse_deep_nesting(value) is value


@pytest.mark.parametrize("value", [nested(MAX_NESTING + 1), json.loads("[" * 900 + "]" * 900)])
def test_a_value_with_too_many_levels_is_refused(value):
    with pytest.raises(ValueError, match="nested too deeply"):
        refuse_deep_nesting(value)


def test_caller_may_ask_for_fewer_levels():
    assert refuse_deep_nesting([1], most=1) == [1]
    with pytest.raises(ValueError, match="nested too deeply"):
        refuse_deep_nesting([[1]], most=1)
