"""Chart 4: acts counted by receipt."""

from __future__ import annotations

from clinic.notes.charts.received_attempts import ReceivedAttempts, received_attempts
from tests.notes.charts.short_course import COURSE

RECEIPTS = ("rejected", "ignored", "partly", "received")


def test_each_act_of_a_partner_is_counted_by_its_receipt():
    assert received_attempts(COURSE, partner="B") == ReceivedAttempts(
        "B", RECEIPTS, (("appreciation", (0, 0, 0, 1)), ("i_statement", (1, 0, 0, 1)))
    )


def test_partner_without_attempts_has_no_rows():
    assert received_attempts(COURSE, partner="C") == ReceivedAttempts("C", RECEIPTS, ())
