from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.foundation.errors import NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.rules.custom_terms import details_of
from clinic.practice.rules.vocabulary import UnknownTerm, load_all, load_vocabulary
from clinic.practice.rules.vocabulary_edit_limits import limits_of
from clinic.practice.vocabularies.queries import (
    TermLine,
    VocabularyLine,
    list_vocabularies,
    staff_name,
    term_line,
    vocabulary_page,
)
from clinic.practice.vocabularies.service import edit_term, retire_term
from tests.support.factories import NOW, make_account, make_clinic

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def clinic():
    return make_clinic()


@pytest.fixture
def admin(clinic):
    account = make_account(clinic, roles=[Role.ADMIN])
    return Actor(
        clinic_id=clinic.id,
        name=f"account:{account.id}",
        account_id=account.id,
        roles=frozenset({Role.ADMIN}),
    )


def test_every_vocabulary_is_listed_with_what_is_on_offer(clinic, admin):
    retire_term("repair_act", "appreciation", actor=admin, now=NOW)

    lines = {one.vocabulary.name: one for one in list_vocabularies(clinic.id)}

    shipped = load_vocabulary("repair_act")
    assert list(lines) == list(load_all())
    assert lines["repair_act"] == VocabularyLine(
        lines["repair_act"].vocabulary,
        offered=len(shipped.offered()) - 1,
        retired=len(shipped.terms) - len(shipped.offered()) + 1,
        added=0,
        reviewed=0,
        is_fixed=False,
    )
    assert [name for name, one in lines.items() if one.is_fixed] == [
        name for name, one in load_all().items() if not limits_of(one).may_add
    ]


def test_a_page_of_a_vocabulary_nobody_changed_shows_it_as_it_ships(clinic):
    page = vocabulary_page(clinic.id, "trigger")

    assert page.vocabulary == load_vocabulary("trigger")
    assert page.lines == tuple(
        TermLine(
            term,
            is_own=False,
            is_changed=False,
            retire_refusal=page.limits.retire_refusal(term.code),
        )
        for term in page.vocabulary.terms
    )


def test_a_changed_term_says_who_changed_it_and_when(clinic, admin):
    shipped = load_vocabulary("repair_act").term("appreciation")
    details = replace(details_of(shipped), label_en="Thanks")
    edit_term("repair_act", "appreciation", details=details, revision=0, actor=admin, now=NOW)

    line = term_line(clinic.id, "repair_act", "appreciation")

    assert (line.term.label_en, line.is_changed, line.is_own) == ("Thanks", True, False)
    assert (line.revision, line.changed_at, line.changed_by) == (1, NOW, "Inês Duarte")


def test_what_does_not_exist_is_not_found(clinic):
    with pytest.raises(NotFound):
        vocabulary_page(clinic.id, "../secrets")
    with pytest.raises(UnknownTerm):
        term_line(clinic.id, "trigger", "touchy")


def test_people_are_named_and_what_is_no_person_stays_as_it_is(clinic, admin):
    assert staff_name(clinic.id, admin.name) == "Inês Duarte"
    assert staff_name(clinic.id, "system:worker") == "system:worker"
    assert staff_name(make_clinic(slug="other").id, admin.name) == admin.name
