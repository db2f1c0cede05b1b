"""What an account cannot be made of is named at its field."""

from __future__ import annotations

import pytest

from clinic.accounts.rules.account_fields import email_problems, name_problems, role_problems

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [("Inês Duarte", True), ("x" * 120, True), ("x" * 121, False), (" ", False), ("a\nb", False)],
)
def test_name_is_one_line_of_at_most_120_characters(name, is_taken):
    expected = {} if is_taken else {"name": ["Please write a name of at most 120 characters."]}

    assert name_problems(name) == expected


def test_email_is_an_address_that_mail_can_be_written_to():
    assert email_problems("ines@example.org") == {}
    assert email_problems("ines at home") == {
        "email": ["This does not look like an e-mail address."]
    }


def test_account_has_one_role_at_least():
    assert role_problems(["admin"]) == {}
    assert role_problems([]) == {"roles": ["Choose at least one role."]}
