from __future__ import annotations

import pytest

from clinic.foundation import errors
from clinic.foundation.errors import ClinicError, InvalidInput, TooManyRequests

pytestmark = pytest.mark.one_database


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def test_each_kind_of_error_has_its_status_and_stable_code():
    own = [e for e in descendants(ClinicError) if e.__module__ == errors.__name__]

    assert {error.code: error.status for error in own} == {
        "not-found": 404,
        "not-allowed": 403,
        "sign-in-needed": 401,
        "proof-needed": 403,
        "conflict": 409,
        "changed-elsewhere": 409,
        "invalid-input": 422,
        "too-many-requests": 429,
        "unavailable": 503,
    }
    assert (ClinicError.code, ClinicError.status) == ("error", 500)


def test_code_can_be_made_narrower_for_one_error_without_changing_its_kind():
    narrow = ClinicError("The slot is gone.", code="slot-gone")

    assert (narrow.code, narrow.message, str(narrow)) == (
        "slot-gone",
        "The slot is gone.",
        "The slot is gone.",
    )
    assert ClinicError.code == "error"


def test_error_without_words_says_its_own_or_its_name():
    class Locked(ClinicError):
        says = "This is locked."

    assert (Locked().message, str(Locked())) == ("This is locked.", "This is locked.")
    assert (ClinicError().message, str(ClinicError())) == ("", "ClinicError")


def test_invalid_input_keeps_each_field_with_its_sentences():
    error = InvalidInput({"partner.email": ("Is it right?", "Too long.")})

    assert error.errors == {"partner.email": ["Is it right?", "Too long."]}
    assert "partner.email" in str(error)
    assert error.message == ""


def test_too_many_requests_says_when_to_come_back():
    assert TooManyRequests("Slowly.", retry_after=30).retry_after == 30
