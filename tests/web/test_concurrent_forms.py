"""Every form of the product, sent twelve times at the same moment: no error, one effect, all valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from app import create_app
from clinic.extensions import db
from clinic.foundation.clock import clock
from tests.conftest import settings_for
from tests.support.calcom_stand_in import StandIn, running
from tests.support.databases import new_database
from tests.support.factories import NOW, PASSWORD
from tests.support.web.concurrent_forms.all_cases import CASES, StaffedClinic
from tests.support.web.concurrent_requests import (
    audit_is_whole,
    made,
    rows_by_table,
    send_at_once,
    statuses,
)

TAKEN = {200, 201, 202, 302, 303}
REFUSED = {401, 403, 404, 409, 422, 429}


@pytest.fixture(scope="module")
def clinic(template_database, tmp_path_factory, worker_id) -> Iterator[StaffedClinic]:
    """One clinic for all cases: each makes what it uses up."""
    folder = tmp_path_factory.mktemp("at-once")
    clock.freeze(NOW)
    there = StandIn(now=clock.now)
    with (
        running(there),
        new_database(folder, f"clinic_at_once_{worker_id}", template_database) as url,
    ):
        app = create_app(settings_for(folder, url, calcom_api_url=there.url))
        app.config.update(PROPAGATE_EXCEPTIONS=False)
        yield StaffedClinic(app, there)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def posts(app):
    return {rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods}


def test_every_form_has_a_case(clinic):
    assert {name.partition(" ")[0] for name in CASES} == posts(clinic.app)


@pytest.mark.parametrize("name", CASES)
def test_same_form_twelve_times_at_once(clinic, name):
    sent = CASES[name](clinic)
    before = rows_by_table(clinic.app)

    answers = send_at_once(clinic.app, sent)

    told = statuses(answers)
    assert set(told) <= TAKEN | REFUSED, told
    assert bool(set(told) & TAKEN) is sent.is_valid, told
    assert made(sent, before, rows_by_table(clinic.app)) == dict(sent.makes), told
    assert audit_is_whole(clinic.app)


def test_right_password_opens_in_two_browsers_at_once_every_time(clinic):
    """Each of the two deletes the count of failures that the other has just found."""
    told = Counter()
    for _ in range(30):
        fields = {"email": "supervisor@example.org", "password": PASSWORD}
        clinic.visitor()
        sent = clinic.by("visitor", "/login", **fields)
        told += statuses(send_at_once(clinic.app, sent, times=2))

    assert told == {302: 60}
