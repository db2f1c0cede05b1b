"""The names of permissions are the values that pages and tests write."""

from __future__ import annotations

import pytest

from clinic.foundation.permissions.permission_names import Permission

pytestmark = pytest.mark.one_database


def test_value_of_each_permission_is_its_name_in_lower_case():
    assert [one.value for one in Permission] == [one.name.lower() for one in Permission]


def test_no_two_permissions_have_one_value():
    assert len(Permission.__members__) == len(list(Permission))
