from __future__ import annotations

import pytest
from flask_babel import force_locale

from clinic.scheduling_services.desk.labels import (
    health_label,
    outcome_label,
    service_name,
    state_label,
    task_label,
)
from clinic.scheduling_services.models import DeliveryState, TaskKind


@pytest.fixture(autouse=True)
def english(app):
    with app.test_request_context(), force_locale("en_GB"):
        yield


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("booked", "An appointment was made."),
        ("failed:ZeroDivisionError", "Applying it failed; it is tried again by itself."),
        ("recordings are not taken in", "Recordings are not taken in."),
        ("This is a sentence.", "This is a sentence."),
    ],
)
def test_outcomes_are_sentences(code, words):
    assert outcome_label(code) == words


def test_every_state_and_every_task_has_words_of_its_own():
    states = [state_label(one) for one in DeliveryState]
    tasks = [task_label(one) for one in TaskKind]

    assert states == ["arrived", "done", "left aside", "needs you", "unreadable", "tried again"]
    assert len(set(tasks) - set(TaskKind)) == len(TaskKind)


def test_what_is_not_known_is_shown_as_it_is():
    assert [state_label("x"), task_label("x"), health_label("x"), service_name("x")] == ["x"] * 4


def test_the_health_of_a_connection_and_its_service_are_named():
    assert (health_label("well"), health_label("calcom-refused")) == (
        "All is well",
        "It refused what we asked",
    )
    assert [service_name(one) for one in ("calcom", "calendly")] == ["Cal.com", "Calendly"]
