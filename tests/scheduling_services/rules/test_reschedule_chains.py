from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from clinic.scheduling_services.rules.events import EventKind, Provider, ServiceEvent
from clinic.scheduling_services.rules.reducer import reduce, reduce_all
from clinic.scheduling_services.rules.reschedule_chains import (
    chains,
    ids_of,
    latest,
    links,
    ordered_ids,
)
from tests.support.scheduling_services.service_events import calcom, calendly, every_order, only


def test_a_ring_of_moves_ends_somewhere_and_always_in_the_same_place():
    one = calcom("booking_rescheduled")
    other = replace(one, external_id="uid-A", supersedes="uid-B")
    assert only(every_order(one, other)).current_id in {"uid-A", "uid-B"}


def test_events_of_no_chain_or_of_several_are_a_mistake_of_ours():
    for events in ([], [calcom("ping")], [calcom("booking_created"), calendly("invitee_created")]):
        with pytest.raises(ValueError):
            reduce(events)


def test_same_id_at_two_services_is_two_chains():
    mine = calcom("booking_created")
    other = replace(mine, provider=Provider.CALENDLY)
    assert len(reduce_all([mine, other])) == 2


def event(id_, *, kind=EventKind.CREATED, provider=Provider.CALCOM, **more):
    at = datetime(2026, 12, 1, 8, tzinfo=UTC)
    return ServiceEvent(provider, kind, "X", at, external_id=id_, **more)


FIRST = event("a")
SECOND = event("b", kind=EventKind.RESCHEDULED, supersedes="a")
AWAY = event("b", kind=EventKind.CANCELLED, superseded_by="c")
OTHER = event("z")


def test_events_linked_by_what_they_replace_are_one_chain_in_any_order():
    for order in itertools.permutations([FIRST, SECOND, AWAY, OTHER, OTHER]):
        groups = chains(order)
        assert [{one.external_id for one in group} for group in groups] == [{"a", "b"}, {"z"}]
        assert [len(group) for group in groups] == [3, 1]


def test_what_belongs_to_no_booking_is_in_no_chain():
    assert (
        chains([event(None), event("p", kind=EventKind.PING), event("i", kind=EventKind.IGNORED)])
        == []
    )


def test_every_id_an_event_names_comes_after_its_own():
    assert ids_of(event("b", supersedes="a", superseded_by="c")) == ["b", "a", "c"]
    assert ids_of(FIRST) == ["a"]


def test_links_lead_from_an_old_id_to_those_that_replace_it():
    assert links([FIRST, SECOND, AWAY, event("d", supersedes="a")]) == {
        "a": {"b", "d"},
        "b": {"c"},
    }


def test_ids_are_ordered_from_oldest_to_newest():
    assert ordered_ids(["c", "b", "a", "a"], replaced_by={"c": {"a"}, "a": {"b"}}) == [
        "c",
        "a",
        "b",
    ]
    assert ordered_ids(["b", "a"], replaced_by={"a": {"b"}, "b": {"a"}}) == ["a", "b"]


def test_the_latest_ids_are_those_nothing_replaces():
    assert latest(["a", "b", "c"], replaced_by={"a": {"b", "c"}}) == ["b", "c"]
    assert latest(["a", "b"], replaced_by={"a": {"b"}, "b": {"a"}}) == ["a", "b"]
