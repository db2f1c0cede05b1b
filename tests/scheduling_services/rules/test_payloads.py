from __future__ import annotations

import json

import pytest

from clinic.scheduling_services.rules.payloads import (
    REMOVED,
    PayloadBroken,
    PayloadTooLarge,
    read_payload,
    strip_secrets,
)
from tests.support.paths import DATA

PAYLOADS = DATA / "payloads"
EVERY = sorted(PAYLOADS.glob("*/*.json"))


def nested(depth):
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"false", b"null", b"[]", b'"text"', b"{", b"\xff\xfe{}", b"{}{}", "{}".encode("utf-16"),
        b"[" * 100_000, b'{"a":' * 100_000, nested(32), nested(900), b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":1234567890123456789}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999}',
        b"\x00", b"{'a': 1}",
    ],
)  # fmt: skip
def test_bodies_that_would_hurt_are_refused(body):
    with pytest.raises(PayloadBroken) as broken:
        read_payload(body)
    assert (broken.value.status, broken.value.code) == (422, "payload-broken")


def test_characters_that_no_text_may_hold_are_taken_out():
    body = b'{"name":"Jo\\u0000ana\\ud800", "b\\u0000":[{"c\\u0085":"two\\nlines\\u001b"}]}'

    assert read_payload(body) == {"name": "Joana", "b": [{"c": "two\nlines"}]}


def test_a_body_over_one_megabyte_is_refused_as_too_large():
    just_right = b'{"a":"' + b"x" * (1_000_000 - 8) + b'"}'
    assert len(read_payload(just_right)["a"]) == 1_000_000 - 8
    with pytest.raises(PayloadTooLarge) as large:
        read_payload(just_right + b" ")
    assert large.value.status == 413


def test_ordinary_json_is_read_as_it_is():
    body = '{"a": [1, -2.5, true, null, "né 💑"], "b": {"c": 123456789012345678}}'
    assert read_payload(body.encode()) == json.loads(body)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.stem)
def test_every_example_is_readable_and_keeps_no_secret(path):
    kept = json.dumps(strip_secrets(read_payload(path.read_bytes())))
    for secret in ("room-password", "payment-secret", "hook-secret", "recording-token",
                   "transcript-token", "join-token", "/cancellations/", "/reschedulings/"):  # fmt: skip
        assert secret not in kept


def test_secrets_are_found_however_they_are_spelled_and_the_original_stays():
    payload = {
        "videoCallData": {"password": "a", "url": "https://video.example.org"},
        "oneTimePassword": "b",
        "seats": [{"seatReferenceUid": "c"}, {"reference_uid": "d", "Access-Token": "e"}],
        "secret": None,
    }
    before = json.dumps(payload)
    assert strip_secrets(payload) == {
        "videoCallData": {"password": REMOVED, "url": "https://video.example.org"},
        "oneTimePassword": REMOVED,
        "seats": [
            {"seatReferenceUid": REMOVED},
            {"reference_uid": REMOVED, "Access-Token": REMOVED},
        ],
        "secret": None,
    }
    assert json.dumps(payload) == before
