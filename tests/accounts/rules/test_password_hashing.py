from __future__ import annotations

import pytest
from argon2 import extract_parameters
from flask_security.utils import hash_password as hash_by_the_library
from flask_security.utils import verify_password as verify_by_the_library

from clinic.accounts.rules import password_hashing

pytestmark = pytest.mark.usefixtures("at_full_cost")


def test_hashes_are_argon2id_at_the_approved_strength():
    found = extract_parameters(password_hashing.hash_password("lanterns over quiet water"))
    assert (found.type.name, found.time_cost, found.memory_cost, found.parallelism) == (
        "ID",
        1,
        47_104,
        1,
    )


@pytest.mark.parametrize(
    ("typed", "fits"),
    [
        ("Gânglio no café às três", True),
        ("Ga\u0302nglio no cafe\u0301 a\u0300s tre\u0302s", True),
        ("Ganglio no cafe as tres", False),
        ("Gânglio no café às três ", False),
        ("", False),
        ("\ud800", False),
    ],
)
def test_a_password_fits_as_typed_on_any_keyboard(typed, fits):
    assert (
        password_hashing.matches(typed, password_hashing.hash_password("Gânglio no café às três"))
        is fits
    )


def test_a_hash_of_another_kind_fits_nothing():
    assert password_hashing.matches("anything", "$2b$12$not.one.of.ours") is False


def test_the_library_and_the_services_read_each_others_hashes(context):
    assert verify_by_the_library(
        "a common secret here", password_hashing.hash_password("a common secret here")
    )
    assert password_hashing.matches(
        "a common secret here", hash_by_the_library("a common secret here")
    )
    assert not password_hashing.is_outdated(hash_by_the_library("a common secret here"))
