from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from clinic.extensions import db
from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import new_id, session, transaction
from clinic.foundation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.models import VocabularyTerm
from clinic.practice.rules.custom_terms import details_of
from clinic.practice.rules.edit_commands import TermDetails
from clinic.practice.rules.vocabulary import UnknownTerm
from clinic.practice.vocabularies.service import (
    TermChangedElsewhere,
    TermStays,
    add_term,
    edit_term,
    restore_term,
    retire_term,
)
from clinic.practice.vocabularies.terms import vocabulary_of
from tests.support.factories import NOW, make_clinic

pytestmark = pytest.mark.usefixtures("context")
LETTER = TermDetails(
    label_en=" Wrote a letter ",
    label_pt="Escreveu uma carta",
    definition_en="Put it on paper.",
    definition_pt="Pôs no papel.",
    sort=35,
)


@pytest.fixture
def admin():
    return staff(make_clinic().id, Role.ADMIN)


def staff(clinic_id, role):
    return Actor(
        clinic_id=clinic_id, name=f"account:{role}", account_id=role, roles=frozenset({role})
    )


def acts(actor):
    return vocabulary_of(actor.clinic_id, "repair_act")


def by(actor):
    return {"actor": actor, "now": NOW}


def deeds():
    query = select(AuditEntry.action).where(AuditEntry.object_kind == "vocabulary_term")
    return list(session().scalars(query.order_by(AuditEntry.seq)))


def test_added_term_is_on_offer_at_once(admin):
    code = add_term("repair_act", LETTER, **by(admin))

    term = acts(admin).term(code)
    assert (code, term.label_en, term.label_pt, term.source, term.active, term.sort) == (
        "own_wrote_a_letter", "Wrote a letter", "Escreveu uma carta", ("P",), True, 35,
    )  # fmt: skip
    assert deeds() == ["vocabulary.term_added"]


def test_form_sent_twice_adds_one_term(admin):
    key = new_id()

    codes = [add_term("repair_act", LETTER, key=key, **by(admin)) for _ in range(2)]

    assert codes == ["own_wrote_a_letter"] * 2
    assert session().scalar(select(sa.func.count()).select_from(VocabularyTerm)) == 1


def test_code_is_never_used_twice_not_even_in_another_list(admin):
    add_term("repair_act", LETTER, **by(admin))
    retire_term("repair_act", "own_wrote_a_letter", **by(admin))

    code = add_term("exercise", LETTER, **by(admin))

    assert code == "own_wrote_a_letter_2"


def test_words_of_a_shipped_term_are_changed_and_the_rest_follows_the_product(admin):
    shipped = acts(admin).term("consistency")

    edit_term(
        "repair_act",
        "consistency",
        replace(details_of(shipped), label_pt="Constância", label_reviewed_by="Ana Melo"),
        revision=0,
        **by(admin),
    )

    row = session().scalars(select(VocabularyTerm)).one()
    assert (row.label_en, row.label_pt, row.definition_en, row.sort, row.revision) == (
        None, "Constância", None, None, 1,
    )  # fmt: skip
    assert acts(admin).term("consistency") == replace(
        shipped, label_pt="Constância", label_reviewed_by="Ana Melo"
    )


def test_term_saved_in_between_is_told_with_both_texts_and_nothing_is_written(admin):
    before = details_of(acts(admin).term("consistency"))
    other = replace(admin, name="account:other")
    edit_term(
        "repair_act", "consistency", replace(before, label_en="Theirs"), revision=0, **by(other)
    )

    with pytest.raises(TermChangedElsewhere) as refused:
        mine = replace(before, label_en="Mine")
        edit_term("repair_act", "consistency", mine, revision=0, **by(admin))

    assert refused.value.theirs == replace(before, label_en="Theirs")
    assert (refused.value.revision, refused.value.at, refused.value.by) == (1, NOW, "account:other")
    assert acts(admin).term("consistency").label_en == "Theirs"

    edit_term("repair_act", "consistency", mine, revision=1, **by(admin))
    assert acts(admin).term("consistency").label_en == "Mine"


def test_retired_term_is_known_and_offered_no_longer_until_it_is_taken_up(admin):
    retire_term("repair_act", "appreciation", **by(admin))
    retire_term("repair_act", "appreciation", **by(admin))
    gone = acts(admin)
    restore_term("repair_act", "appreciation", **by(admin))

    assert gone.term("appreciation").retired_at == NOW
    assert "appreciation" not in [one.code for one in gone.offered()]
    assert "appreciation" in [one.code for one in acts(admin).offered()]
    assert deeds() == ["vocabulary.term_retired", "vocabulary.term_taken_up"]


def test_words_can_be_changed_while_a_term_is_retired(admin):
    retire_term("repair_act", "appreciation", **by(admin))
    details = details_of(acts(admin).term("appreciation"))

    edit_term(
        "repair_act", "appreciation", replace(details, label_en="Thanks"), revision=0, **by(admin)
    )

    term = acts(admin).term("appreciation")
    assert (term.label_en, term.active) == ("Thanks", False)


@pytest.mark.parametrize(
    ("vocabulary", "code"),
    [("repair_act", "other"), ("receipt", "partly"), ("park_reason", "safety_flag")],
)
def test_term_that_is_needed_stays(admin, vocabulary, code):
    with pytest.raises(TermStays):
        retire_term(vocabulary, code, **by(admin))

    assert vocabulary_of(admin.clinic_id, vocabulary).term(code).active


def test_wrong_words_are_refused_at_their_fields(admin):
    with pytest.raises(InvalidInput) as refused:
        add_term("repair_act", replace(LETTER, label_pt="", sort=None), **by(admin))
    with pytest.raises(InvalidInput) as fixed:
        add_term("receipt", LETTER, **by(admin))

    assert refused.value.errors == {
        "label_pt": ["Please write a name."],
        "sort": ["Please write a whole number."],
    }
    assert list(fixed.value.errors) == [""]
    assert deeds() == []


def test_unknown_vocabulary_and_unknown_term_are_not_found(admin):
    with pytest.raises(NotFound):
        add_term("nothing", LETTER, **by(admin))
    with pytest.raises(UnknownTerm):
        retire_term("repair_act", "own_never_made", **by(admin))
    with pytest.raises(Conflict):
        add_term("repair_act", LETTER, key="not a key", **by(admin))


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.SUPERVISOR, Role.FRONT_DESK])
def test_only_the_administration_edits(admin, role):
    actor = staff(admin.clinic_id, role)
    details = details_of(acts(admin).term("consistency"))

    for deed in (
        lambda: add_term("repair_act", LETTER, **by(actor)),
        lambda: edit_term("repair_act", "consistency", details, revision=0, **by(actor)),
        lambda: retire_term("repair_act", "consistency", **by(actor)),
        lambda: restore_term("repair_act", "consistency", **by(actor)),
    ):
        with pytest.raises(NotAllowed):
            deed()
    assert deeds() == []


def test_words_of_one_clinic_are_not_those_of_another(admin):
    other = staff(make_clinic(slug="other").id, Role.ADMIN)

    add_term("repair_act", LETTER, **by(admin))

    assert "own_wrote_a_letter" not in acts(other).codes()


def test_change_that_was_rolled_back_leaves_no_words_behind(admin):
    def fail():
        with transaction():
            add_term("repair_act", LETTER, **by(admin))
            assert "own_wrote_a_letter" in acts(admin).codes()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        fail()

    assert "own_wrote_a_letter" not in acts(admin).codes()


def test_change_by_another_worker_is_seen_by_the_next_request(admin):
    add_term("repair_act", LETTER, **by(admin))
    assert acts(admin).term("own_wrote_a_letter").active
    db.session.remove()
    with db.engine.begin() as elsewhere:
        elsewhere.execute(sa.text("UPDATE vocabulary_term SET label_en = 'By hand'"))
        elsewhere.execute(sa.text("UPDATE clinic SET vocabulary_revision = 'another'"))

    assert acts(admin).term("own_wrote_a_letter").label_en == "By hand"


REFUSED = {
    "deleted": "DELETE FROM vocabulary_term",
    "given another code": "UPDATE vocabulary_term SET code = 'own_x'",
    "moved to another list": "UPDATE vocabulary_term SET vocabulary = 'root'",
    "retired without a time": "UPDATE vocabulary_term SET active = (1 = 0)",
    "left without words": "UPDATE vocabulary_term SET label_pt = NULL",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_database_itself_refuses_that_a_term_is(admin, statement):
    add_term("repair_act", LETTER, **by(admin))
    db.session.remove()

    with pytest.raises(sa.exc.DBAPIError), db.engine.begin() as connection:
        connection.execute(sa.text(statement))

    assert "own_wrote_a_letter" in acts(admin).codes()
