"""Two spellings of one e-mail address become the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.texts.email_spelling import normalise_email


@pytest.mark.parametrize(
    "spelling", ["ana@example.org", " Ana@Example.ORG\n", "ａｎａ@example.org", "ANA@EXAMPLE.ORG"]
)
def test_spellings_of_one_address_become_the_same(spelling):
    assert normalise_email(spelling) == "ana@example.org"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(value):
    assert normalise_email(normalise_email(value)) == normalise_email(value)
