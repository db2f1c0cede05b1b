"""Sealed values open at their own place with their own key, and nowhere else."""

from __future__ import annotations

import base64
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.crypto.encryption import (
    DataKey,
    KeyRing,
    KeySettingInvalid,
    MasterKey,
    MasterKeyMissing,
    Place,
    PlaceIncomplete,
    SealBroken,
    _seal_with_nonce,
    generate_key,
    open_sealed,
    rewrap,
    seal,
    sealed_key_id,
    unwrap_data_key,
    wrap_data_key,
    wrapped_under,
)
from clinic.foundation.errors import ClinicError

KEY = DataKey(id="00112233445566778899aabbccddeeff", secret=bytes(range(32)))
PLACE = Place(table="session_notes", column="body", owner="couple-1", row="row-1", revision=3)
TEXT = "Sessão: a quiet repair ✓".encode()
OLD = MasterKey.of(b"\x01" * 32)
NEW = MasterKey.of(b"\x02" * 32)

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


def test_the_id_of_a_master_key_never_changes():
    assert MasterKey.of(bytes(range(32))).id == "630dcd29"


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
    shown = repr(KEY) + repr(OLD) + repr(KeyRing((OLD,)))
    assert repr(KEY.secret)[2:-1] not in shown
    assert "secret" not in shown


# --- Master keys and data keys


def test_the_setting_is_read_newest_first():
    first, second = generate_key(), generate_key()
    ring = KeyRing.parse(f" {first} , {second.rstrip('=')}")
    assert [master.secret for master in ring.masters] == [
        base64.urlsafe_b64decode(first),
        base64.urlsafe_b64decode(second),
    ]
    assert ring.newest is ring.masters[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "short",
        "A" * 42,
        "A" * 44,
        "A" * 45,
        "A" * 43 + "=,",
        "A" * 43 + "==",
        "A" * 42 + "+=",
        "A" * 43 + "=\n" + "B" * 43,
        "é" + "A" * 42,
        "٣" + "A" * 42,
        "A" * 43 + "=," + "A" * 43,
    ],
)
def test_a_broken_setting_is_refused_without_repeating_the_key(text):
    with pytest.raises(KeySettingInvalid) as refusal:
        KeyRing.parse(text)
    assert "CLINIC_ENCRYPTION_KEYS" in str(refusal.value)
    assert "AAAA" not in str(refusal.value)
    assert "short" not in str(refusal.value)


def test_a_key_ring_needs_a_key():
    with pytest.raises(KeySettingInvalid):
        KeyRing(())
    with pytest.raises(KeySettingInvalid):
        MasterKey.of(b"too short")


def test_a_wrapped_data_key_unwraps_for_its_owner_and_id_only():
    ring = KeyRing((OLD,))
    wrapped = wrap_data_key(ring, KEY.secret, data_key_id=KEY.id, owner="couple-1")
    assert unwrap_data_key(ring, wrapped, data_key_id=KEY.id, owner="couple-1") == KEY.secret
    for key_id, owner in [(KEY.id, "couple-2"), ("f" * 32, "couple-1")]:
        with pytest.raises(SealBroken):
            unwrap_data_key(ring, wrapped, data_key_id=key_id, owner=owner)


def test_flipping_any_byte_of_a_wrapped_data_key_refuses():
    ring = KeyRing((OLD,))
    wrapped = wrap_data_key(ring, KEY.secret, data_key_id=KEY.id, owner="couple-1")
    for position in range(len(wrapped)):
        broken = bytearray(wrapped)
        broken[position] ^= 0x5A
        with pytest.raises(SealBroken):
            unwrap_data_key(ring, bytes(broken), data_key_id=KEY.id, owner="couple-1")
    with pytest.raises(SealBroken):
        wrapped_under(wrapped[:-1])


def test_a_missing_master_key_is_named():
    wrapped = wrap_data_key(KeyRing((OLD,)), KEY.secret, data_key_id=KEY.id, owner="couple-1")
    with pytest.raises(MasterKeyMissing, match=OLD.id):
        unwrap_data_key(KeyRing((NEW,)), wrapped, data_key_id=KEY.id, owner="couple-1")


def test_rewrapping_moves_a_data_key_under_the_newest_master():
    wrapped = wrap_data_key(KeyRing((OLD,)), KEY.secret, data_key_id=KEY.id, owner="couple-1")
    moved = rewrap(KeyRing((NEW, OLD)), wrapped, data_key_id=KEY.id, owner="couple-1")
    assert (wrapped_under(wrapped), wrapped_under(moved)) == (OLD.id, NEW.id)
    without_old = KeyRing((NEW,))
    assert unwrap_data_key(without_old, moved, data_key_id=KEY.id, owner="couple-1") == KEY.secret
    assert rewrap(without_old, moved, data_key_id=KEY.id, owner="couple-1") == moved


@pytest.mark.parametrize(
    ("data_key", "key_id", "owner", "error"),
    [
        (b"short", KEY.id, "couple-1", ValueError),
        (KEY.secret, "not-hex", "couple-1", ValueError),
        (KEY.secret, KEY.id, " ", PlaceIncomplete),
    ],
)
def test_a_data_key_is_wrapped_only_when_all_is_given(data_key, key_id, owner, error):
    with pytest.raises(error):
        wrap_data_key(KeyRing((OLD,)), data_key, data_key_id=key_id, owner=owner)
