from __future__ import annotations

import pytest
from flask import g
from sqlalchemy import event

from clinic.extensions import db
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.models import Clinic
from clinic.practice.rules.vocabulary import load_all, load_vocabulary
from clinic.practice.vocabularies.service import retire_term
from clinic.practice.vocabularies.terms import terms_of, vocabulary_of, vocabulary_of_request
from tests.support.factories import NOW, make_clinic

pytestmark = pytest.mark.usefixtures("context")


def retire(clinic_id, code):
    actor = Actor(clinic_id=clinic_id, name="account:a", roles=frozenset({Role.ADMIN}))
    retire_term("repair_act", code, actor=actor, now=NOW)


def test_clinic_that_changed_nothing_has_what_ships():
    assert terms_of(make_clinic().id) == load_all()


def test_unknown_vocabulary_is_not_found():
    with pytest.raises(NotFound):
        vocabulary_of(make_clinic().id, "../secrets")


def test_words_here_are_those_of_the_requests_clinic():
    clinic_id = make_clinic().id
    retire(clinic_id, "appreciation")

    without = vocabulary_of_request("repair_act")
    g.clinic_id = clinic_id
    within = vocabulary_of_request("repair_act")

    assert without == load_vocabulary("repair_act")
    assert not within.term("appreciation").active


def test_hundred_look_ups_of_one_request_ask_the_database_at_most_twice():
    clinic_id = make_clinic().id
    retire(clinic_id, "appreciation")
    db.session.remove()
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    kept = session().get(Clinic, clinic_id)

    for _ in range(100):
        vocabulary_of(clinic_id, "repair_act")

    assert kept is not None
    assert len([one for one in asked if one.startswith("SELECT")]) <= 2, asked
