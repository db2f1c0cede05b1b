"""Data keys are wrapped for their owner, under a master key of the settings."""

from __future__ import annotations

import base64

import pytest

from clinic.foundation.crypto.encryption import DataKey, PlaceIncomplete, SealBroken
from clinic.foundation.crypto.key_wrapping import (
    KeyRing,
    KeySettingInvalid,
    MasterKey,
    MasterKeyMissing,
    generate_key,
    rewrap,
    unwrap_data_key,
    wrap_data_key,
    wrapped_under,
)

KEY = DataKey(id="00112233445566778899aabbccddeeff", secret=bytes(range(32)))
OLD = MasterKey.of(b"\x01" * 32)
NEW = MasterKey.of(b"\x02" * 32)


def test_the_id_of_a_master_key_never_changes():
    assert MasterKey.of(bytes(range(32))).id == "630dcd29"


def test_secrets_of_master_keys_are_not_shown():
    shown = repr(OLD) + repr(KeyRing((OLD,)))

    assert repr(OLD.secret)[2:-1] not in shown
    assert "secret" not in shown


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
