"""`flask clinic open` refuses in one line what cannot be."""

from __future__ import annotations

from tests.support.setting_up import OPEN


def test_unknown_zone_is_one_line_and_opens_nothing(app):
    wrong = [*OPEN[:-3], "Mars/Base", *OPEN[-2:]]

    answer = app.test_cli_runner().invoke(args=wrong)

    assert (answer.exit_code, answer.stderr) == (1, "Error: We do not know this time zone.\n")
