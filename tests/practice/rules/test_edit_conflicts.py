from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from clinic.foundation.errors import ChangedElsewhere
from clinic.practice.rules.edit_commands import ClinicDetails, DayHours, HoursRange, WeeklyRange
from clinic.practice.rules.edit_conflicts import (
    refuse_outdated,
    version_of,
    week_version,
)

CLINIC = ClinicDetails(
    name="Seam",
    short_name="Seam",
    time_zone="Europe/Lisbon",
    language="en",
    email="seam@example.org",
    welcome={"en": "Hello", "pt": "Olá"},
)


def test_equal_values_have_equal_versions_whatever_the_order_of_their_texts():
    turned = replace(CLINIC, welcome={"pt": "Olá", "en": "Hello"})
    assert version_of(CLINIC) == version_of(turned)
    assert len(version_of(CLINIC)) == 32


@pytest.mark.parametrize(
    "change", [{"name": "Seams"}, {"phone": "1"}, {"welcome": {"en": "Hello"}}]
)
def test_every_field_counts(change):
    assert version_of(replace(CLINIC, **change)) != version_of(CLINIC)


def test_days_and_weeks_have_versions_too():
    morning = DayHours(date(2026, 12, 24), (HoursRange(540, 720),))
    assert version_of(morning) != version_of(replace(morning, ranges=()))
    monday, friday = WeeklyRange(0, 540, 720), WeeklyRange(4, 540, 720)
    assert week_version([monday, friday]) == week_version((friday, monday))
    assert week_version([monday]) != week_version([friday])


@pytest.mark.parametrize(("seen", "typed"), [("a", "b"), (None, "b"), ("old", "a")])
def test_what_was_seen_may_be_replaced_and_what_is_there_already_sent_again(seen, typed):
    refuse_outdated(seen, stored="a", typed=typed)


@pytest.mark.parametrize("seen", ["old", ""])
def test_what_was_not_seen_is_not_replaced(seen):
    with pytest.raises(ChangedElsewhere):
        refuse_outdated(seen, stored="a", typed="b")
