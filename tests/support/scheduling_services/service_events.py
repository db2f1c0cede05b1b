"""Events read from example deliveries, and the states they come to in every order."""

from __future__ import annotations

import itertools
import json

from clinic.scheduling_services.rules.calcom_events import parse_calcom
from clinic.scheduling_services.rules.calendly_events import parse_calendly
from clinic.scheduling_services.rules.reducer import reduce
from tests.support.paths import DATA

PAYLOADS = DATA / "payloads"


def calcom(name):
    return parse_calcom(json.loads((PAYLOADS / "calcom" / f"{name}.json").read_text()))


def calendly(name):
    return parse_calendly(json.loads((PAYLOADS / "calendly" / f"{name}.json").read_text()))


def outcome(state):
    return (state.status, state.current_id, state.starts_at, state.revision)


def every_order(*events):
    """The outcomes over all orders, each event twice."""
    return {reduce(order + order[:1]) for order in itertools.permutations(events)}


def only(states):
    (state,) = states
    return state
