"""`flask keys rotate` counts the data keys under each master key."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("demo")


def test_keys_are_rotated_by_command_with_a_count_for_each_master(app):
    printed = app.test_cli_runner().invoke(args=["keys", "rotate"])

    assert printed.exit_code == 0
    assert printed.stdout.splitlines()[-1].endswith("(newest)")
