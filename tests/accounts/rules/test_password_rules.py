from __future__ import annotations

import pytest

from clinic.accounts.rules.password_rules import PasswordFault, fault_of

ABOUT = ("Inês Duarte", "Inês", "Duarte", "ines.duarte@example.org", "Harbour House")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("fourteen chars", PasswordFault.TOO_SHORT),
        ("lanterns over q", None),
        ("lanterns over quiet water", None),
        ("4829 5837 2910 3846", None),
        ("青い灯台と静かな海の朝の光と風", None),
        ("x" * 129, PasswordFault.TOO_LONG),
        ("lanterns over quiet water" * 5, PasswordFault.TOO_SIMPLE),
        ("aaaaaaaaaaaaaaaaaaaa", PasswordFault.TOO_SIMPLE),
        ("abcdabcdabcdabcd", PasswordFault.TOO_SIMPLE),
        ("abcdefghijklmnopq", PasswordFault.TOO_SIMPLE),
        ("Password2026!!!!!", PasswordFault.EASILY_GUESSED),
        ("Password-Welcome-1", PasswordFault.EASILY_GUESSED),
        ("InesInês Duarte 1", PasswordFault.EASILY_GUESSED),
        ("Harbour House 2026", PasswordFault.EASILY_GUESSED),
        ("Harbour House and a lighthouse", None),
    ],
)
def test_length_decides_and_the_guessable_is_refused(password, fault):
    about = (*ABOUT, "Ines")
    assert fault_of(password, about=about) == fault


def test_a_hundred_and_twenty_eight_characters_are_taken():
    assert fault_of("".join(chr(97 + n * n % 23) for n in range(127)) + "!") is None
