"""Equal addresses find each other by their blind index; nothing else does."""

from __future__ import annotations

import pytest

from clinic.foundation.crypto.blind_index import blind_index, index_of
from tests.support.factories import make_clinic


def test_stored_index_of_an_address_never_changes():
    index = blind_index(bytes(range(32)), "Ana@Example.org ", purpose="partner.email")

    assert index.hex() == "3ba9d865a380931c74f9cde12555435a8ce1183c2890f5d7b42b4298ebb534dc"


@pytest.mark.parametrize(
    "spelling", ["ana@example.org", " Ana@Example.ORG\n", "ａｎａ@example.org", "ANA@EXAMPLE.ORG"]
)
def test_spellings_of_one_address_share_an_index(spelling):
    key = b"k" * 32
    assert blind_index(key, spelling, purpose="email") == blind_index(
        key, "ana@example.org", purpose="email"
    )


def test_index_differs_by_value_purpose_and_key():
    values = {
        blind_index(key, value, purpose=purpose)
        for key in (b"k" * 32, b"l" * 32)
        for value in ("a@x.org", "b@x.org", "\ud800")
        for purpose in ("staff", "partner")
    }
    assert len(values) == 12


@pytest.mark.parametrize(("key", "purpose"), [(b"short", "x"), (b"a" * 32, "")])
def test_weak_keys_and_nameless_purposes_are_refused(key, purpose):
    with pytest.raises(ValueError):
        blind_index(key, "a@x.org", purpose=purpose)


def test_blind_index_finds_the_same_address_however_it_is_written_and_no_other(context):
    clinic = make_clinic()

    def index(value, purpose="person-email"):
        return index_of(clinic.id, value, purpose=purpose)

    assert index("alex@example.org") == index(" Alex@Example.ORG ")
    assert index("alex@example.org") != index("alec@example.org")
    assert index("alex@example.org") != index("alex@example.org", purpose="account-email")
    assert len(index("alex@example.org")) >= 16


def test_blind_index_of_another_clinic_is_another(context):
    one, other = make_clinic(), make_clinic(slug="other")

    assert index_of(one.id, "alex@example.org", purpose="person-email") != index_of(
        other.id, "alex@example.org", purpose="person-email"
    )
