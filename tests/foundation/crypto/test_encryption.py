"""Sealed values open at their own place with their own key, and nowhere else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.crypto.encryption import (
    DataKey,
    Place,
    PlaceIncomplete,
    SealBroken,
    _seal_with_nonce,
    open_sealed,
    seal,
    sealed_key_id,
)
from clinic.foundation.errors import ClinicError

KEY = DataKey(id="00112233445566778899aabbccddeeff", secret=bytes(range(32)))
PLACE = Place(table="session_notes", column="body", owner="couple-1", row="row-1", revision=3)
TEXT = "Sessão: a quiet repair ✓".encode()

# Computed once; a change of these bytes means that no stored value can be read any more.
KNOWN_ANSWER = bytes.fromhex(
    "0100112233445566778899aabbccddeeff6465666768696a6b6c6d6e6f1b7ead"
    "15ba4a39a41e037f99af0c0f8962b0637aea058152454d3f3a9a33ecbd9a3832"
    "436f291259eee067"
)


def test_the_stored_format_never_changes():
    sealed = _seal_with_nonce(KEY, TEXT, PLACE, bytes(range(100, 112)))
    assert sealed == KNOWN_ANSWER
    assert open_sealed(KEY, KNOWN_ANSWER, PLACE) == TEXT


@settings(max_examples=200, deadline=None)
@given(
    plaintext=st.binary(max_size=2000),
    parts=st.tuples(*[st.text("abc-é0", min_size=1, max_size=12)] * 4),
    revision=st.integers(0, 10**6),
)
def test_what_was_sealed_opens_again(plaintext, parts, revision):
    key, place = DataKey.generate(), Place(*parts, revision=revision)
    sealed = seal(key, plaintext, place)
    assert open_sealed(key, sealed, place) == plaintext
    assert sealed_key_id(sealed) == key.id
    assert len(sealed) == len(plaintext) + 45


def test_the_same_text_is_never_sealed_to_the_same_bytes():
    assert len({seal(KEY, TEXT, PLACE) for _ in range(100)}) == 100


def test_flipping_any_single_bit_refuses():
    sealed = seal(KEY, TEXT, PLACE)
    for position, bit in itertools.product(range(len(sealed)), range(8)):
        broken = bytearray(sealed)
        broken[position] ^= 1 << bit
        with pytest.raises(SealBroken):
            open_sealed(KEY, bytes(broken), PLACE)


def test_cutting_or_lengthening_refuses():
    sealed = seal(KEY, TEXT, PLACE)
    for changed in [*(sealed[:n] for n in range(len(sealed))), sealed + b"\0", b"\0" + sealed]:
        with pytest.raises(SealBroken):
            open_sealed(KEY, changed, PLACE)


def test_no_sealed_value_opens_at_another_place():
    keys = [KEY, DataKey.generate()]
    places = [
        Place(table, column, owner, row, revision)
        for table, column, owner, row, revision in itertools.product(
            ("notes", "ruptures"), ("body", "title"), ("A", "B"), ("1", "2"), (0, 1)
        )
    ]
    sealed_at = {
        (key.id, place): seal(key, b"text", place) for key, place in itertools.product(keys, places)
    }
    refused = 0
    for (key_id, place), sealed in sealed_at.items():
        for key, other in itertools.product(keys, places):
            if (key.id, other) == (key_id, place):
                assert open_sealed(key, sealed, other) == b"text"
                continue
            with pytest.raises(SealBroken):
                open_sealed(key, sealed, other)
            refused += 1
    assert refused == 64 * 63


def test_parts_of_a_place_cannot_be_shifted_into_each_other():
    sealed = seal(KEY, TEXT, Place("ab", "c", "d", "e"))
    for other in (
        Place("a", "bc", "d", "e"),
        Place("ab", "cd", "e", "e"),
        Place("ab", "c", "de", "e"),
    ):
        with pytest.raises(SealBroken):
            open_sealed(KEY, sealed, other)


def test_a_key_with_the_right_id_and_the_wrong_secret_refuses():
    with pytest.raises(SealBroken):
        open_sealed(replace(KEY, secret=b"\xff" * 32), seal(KEY, TEXT, PLACE), PLACE)


def test_every_failure_says_the_same():
    sealed = seal(KEY, TEXT, PLACE)
    tries = [
        (KEY, sealed[:-1], PLACE),
        (KEY, b"", PLACE),
        (KEY, b"\x02" + sealed[1:], PLACE),
        (DataKey.generate(), sealed, PLACE),
        (KEY, sealed, replace(PLACE, revision=2)),
    ]
    said = set()
    for key, value, place in tries:
        with pytest.raises(SealBroken) as refusal:
            open_sealed(key, value, place)
        said.add(str(refusal.value))
    assert len(said) == 1
    assert issubclass(SealBroken, ClinicError)


@pytest.mark.parametrize("part", ["table", "column", "owner", "row"])
@pytest.mark.parametrize("empty", ["", "  ", None, 7])
def test_a_place_with_an_empty_part_cannot_be_made(part, empty):
    with pytest.raises(PlaceIncomplete):
        replace(PLACE, **{part: empty})


@pytest.mark.parametrize("revision", [-1, None, "1", True, 2**63])
def test_a_revision_is_a_whole_number_from_zero(revision):
    with pytest.raises(PlaceIncomplete):
        replace(PLACE, revision=revision)


def test_secrets_are_not_shown():
    assert repr(KEY.secret)[2:-1] not in repr(KEY)
    assert "secret" not in repr(KEY)
