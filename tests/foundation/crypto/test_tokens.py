"""Tokens can be made again only where they are derived, and are never guessed."""

from __future__ import annotations

from clinic.foundation.crypto.tokens import derived_token, random_token, token_hash
from tests.support.factories import make_clinic


def test_derived_token_is_the_same_again_and_differs_with_every_part(context):
    clinic = make_clinic()
    token = derived_token(clinic.id, "manage", "link", "1")

    assert token == derived_token(clinic.id, "manage", "link", "1")
    assert len(token) == 43
    others = [
        ("manage", "link", "2"),
        ("manage", "link1", ""),
        ("manage", "lin", "k1"),
        ("manage",),
    ]
    assert len({token, *(derived_token(clinic.id, *parts) for parts in others)}) == 5


def test_random_tokens_are_long_and_only_their_hash_need_be_kept():
    tokens = {random_token() for _ in range(100)}

    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert len(token_hash("x")) == 32
    assert token_hash("\ud800") != token_hash("x")
