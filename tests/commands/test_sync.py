"""`flask sync reconcile` says when there is nothing to settle."""

from __future__ import annotations


def test_without_a_connected_service_both_sides_agree(run, booked):
    assert run("sync", "reconcile") == (0, "Both sides agree.\n", "")
    assert run("sync", "reconcile", "--json") == (0, "[]\n", "")
