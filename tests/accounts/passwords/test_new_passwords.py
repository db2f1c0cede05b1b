from __future__ import annotations

import pytest

from clinic.accounts.passwords.new_passwords import WeakPassword, about, check_password
from clinic.accounts.rules.password_rules import PasswordFault
from tests.support.factories import make_account, make_clinic


def test_a_password_made_of_ones_own_name_is_refused_at_its_field(context):
    words = about(make_account(make_clinic()))
    assert words == ("Inês Duarte", "ines.duarte@example.org")
    with pytest.raises(WeakPassword) as refused:
        check_password("Inês Duarte 2026!", about=words, field="new")
    assert (refused.value.fault, list(refused.value.errors)) == (
        PasswordFault.EASILY_GUESSED,
        ["new"],
    )


def test_a_long_password_of_unrelated_words_is_taken():
    assert check_password("lanterns over quiet water", about=("Inês",)) is None
