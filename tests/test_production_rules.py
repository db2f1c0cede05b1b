"""Which keys and settings real people cannot be served with."""

from __future__ import annotations

import base64
import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.production_rules import (
    production_notices,
    production_refusals,
    weak_master_key,
    weak_secret,
)

pytestmark = pytest.mark.one_database

GOOD = {
    "base_url": "https://clinic.example",
    "secret_key": "pXv3nQ9sKd0ZtR7wLb2YhF5mJc8GaE1u",
    "encryption_keys": "5mO2W0rV0kXhyT4cYQeEJ8d3nqkRz1sLBvA7uGfHpNw=",
    "debug": False,
    "rate_limits": True,
    "clock_stopped": False,
}
seeds = st.integers(0, 2**64).map(random.Random)


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode("ascii")


def test_good_settings_are_not_refused():
    assert list(production_refusals(**GOOD)) == []


@pytest.mark.parametrize(
    ("change", "begins"),
    [
        ({"base_url": "http://clinic.example"}, "BASE_URL must begin with https://"),
        ({"secret_key": "a" * 36}, "SECRET_KEY can be guessed: it has too few different char"),
        (
            {"encryption_keys": f"{GOOD['encryption_keys']}, {encoded(bytes(32))}"},
            "CLINIC_ENCRYPTION_KEYS, key 2, can be guessed: it has too few different bytes",
        ),
        ({"debug": True}, "FLASK_DEBUG must be off in production"),
        ({"rate_limits": False}, "CLINIC_RATE_LIMITS=off is for load tests only"),
        ({"clock_stopped": True}, "CLINIC_NOW stops the clock"),
    ],
)
def test_each_refusal_is_one_sentence_that_begins_with_its_setting(change, begins):
    (said,) = production_refusals(**GOOD | change)

    assert said.startswith(begins)
    assert "\n" not in said
    assert said.endswith(".")


WEAK_SECRETS = {
    "a" * 36: "it has too few different characters",
    "abc" * 20: "it has too few different characters",
    "12345678" * 4: "it repeats itself",
    "change-me-" * 4: "it repeats itself",
    "abcdefghijklmnopqrstuvwxyz0123456789": "its characters follow a pattern",
    "b" * 60 + "acdefghi": "its characters follow a pattern",
    "please-Change-this-key-before-start": "it is made of words that placeholders are made of",
    "a secret for tests, long enough to be taken": (
        "it is made of words that placeholders are made of"
    ),
}


@pytest.mark.parametrize("text", WEAK_SECRETS)
def test_secret_that_can_be_guessed_is_weak(text):
    assert weak_secret(text) == WEAK_SECRETS[text]


@settings(deadline=None)
@given(seeds, st.sampled_from([string.hexdigits[:16], string.ascii_letters + string.digits]))
def test_random_secret_is_never_weak(chance, alphabet):
    assert weak_secret("".join(chance.choices(alphabet, k=32))) is None


@settings(deadline=None)
@given(st.text(min_size=1, max_size=16), st.integers(2, 40))
def test_repeated_text_is_always_weak(part, times):
    text = (part * 40)[: max(32, len(part) * times)]

    assert weak_secret(text) is not None


WEAK_KEYS = {
    encoded(bytes(32)): "it has too few different bytes",
    encoded(bytes(range(16)) * 2): "it has too few different bytes",
    encoded(bytes(range(32))): "its bytes follow a pattern",
    encoded(b"0123456789abcdef0123456789abcdef"): "it has too few different bytes",
    encoded(b"Quickly 5 vexed jumpz/whack bfdg"): "it is a text that somebody typed",
}


@pytest.mark.parametrize("text", WEAK_KEYS)
def test_master_key_that_can_be_guessed_is_weak(text):
    assert weak_master_key(text) == WEAK_KEYS[text]


@settings(deadline=None)
@given(seeds)
def test_random_master_key_is_never_weak(chance):
    assert weak_master_key(encoded(chance.randbytes(32))) is None


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=16))
def test_repeated_bytes_are_always_weak(part):
    assert weak_master_key(encoded((part * 32)[:32])) is not None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_is_too_strange_to_be_judged(text):
    weak_secret(text)
    weak_master_key(text)


@pytest.mark.parametrize("stated", [0, 1, 3])
def test_stated_number_of_proxies_needs_no_notice(stated):
    assert production_notices(trusted_proxies=stated) == ()


def test_unstated_number_of_proxies_is_said_with_what_to_do():
    (said,) = production_notices(trusted_proxies=None)

    assert said.startswith("TRUSTED_PROXIES is not set")
    assert "TRUSTED_PROXIES=1 behind one proxy" in said
    assert "TRUSTED_PROXIES=0 when visitors reach this server directly" in said
