"""The clinic's own words from the practice's pages to the note, the search, the chart, the file."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.accounts.models import Account
from clinic.foundation.clock import clock
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.errors import InvalidInput
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.record_file.export_record import export_record
from clinic.notes.rules.clinical_values import RuptureDetails
from clinic.notes.rules.note_content import Attempt, RuptureEntry
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.rules.selectable_terms import RETIRED
from clinic.notes.ruptures.service import change_status, edit_rupture, open_rupture
from clinic.notes.session_notes import service
from clinic.notes.session_notes.queries import note_screen
from clinic.practice.rules.edit_commands import TermDetails
from clinic.practice.vocabularies.service import add_term, retire_term
from tests.support.factories import NOW, a_note, make_note, make_signed_note
from tests.support.notes.record_client import AT, WHOLE
from tests.support.web.compact_html import compact

LETTER = "own_wrote_a_letter"
ATTEMPT = {
    "attempts": "1",
    "attempts.1.by": "A",
    "attempts.1.acts": [LETTER],
    "attempts.1.receipt": "partly",
}
LATER = NOW + timedelta(hours=1)
SOON = NOW + timedelta(minutes=10)


def admin(desk):
    clinic_id = desk.couple.practice.clinic.id
    return Actor(clinic_id=clinic_id, name="account:admin", roles=frozenset({Role.ADMIN}))


def added(desk, vocabulary="repair_act", **changes):
    words = {
        "label_en": "Wrote a letter",
        "label_pt": "Escreveu uma carta",
        "definition_en": "Put it on paper.",
        "definition_pt": "Pôs no papel.",
        "sort": 35,
    } | changes
    return desk.make(lambda: add_term(vocabulary, TermDetails(**words), actor=admin(desk), now=NOW))


def retired(desk, code, vocabulary="repair_act", now=NOW):
    desk.make(lambda: retire_term(vocabulary, code, actor=admin(desk), now=now))


def with_letter(desk):
    """A signed note in which the added act was chosen; its id."""
    note = a_note(attempts=(Attempt("A", (LETTER,), "partly"),))
    return desk.make(lambda: make_signed_note(desk.couple, note, at=AT))


def saved(desk, note_id, content, *, revision, now):
    return desk.make(
        lambda: service.save_draft(
            note_id, content=content, revision=revision, actor=desk.couple.lead, now=now
        )
    )


def findings(desk, note_id):
    return desk.make(
        lambda: [
            (one.path, one.message)
            for one in note_screen(note_id, actor=desk.couple.lead, now=clock.now()).findings
        ]
    )


def test_added_act_is_chosen_in_a_note_and_signed(desk):
    added(desk)
    note_id = desk.draft()
    page = desk.get(f"/desk/notes/{note_id}")

    desk.post(f"/desk/notes/{note_id}", WHOLE | ATTEMPT | {"revision": "2", "then": "sign"})
    assert "Wrote a letter" in page
    assert findings(desk, note_id) == []
    desk.post(
        f"/desk/notes/{note_id}/sign",
        {"password": "lanterns over quiet water", "revision": "3"},
    )

    assert desk.read(note_id).body.content.attempts[0].acts == (LETTER,)
    assert "Wrote a letter" in desk.get(f"/desk/notes/{note_id}")


def test_added_act_is_found_by_the_filter_shown_in_the_chart_and_written_to_the_file(desk):
    added(desk)
    note_id = with_letter(desk)
    code = desk.couple.code

    search = desk.get(f"/desk/couples/{code}/search?term={LETTER}")
    other = desk.get(f"/desk/couples/{code}/search?term=consistency")
    ledger = desk.get(f"/desk/couples/{code}/ledger")
    actor = Actor(clinic_id=admin(desk).clinic_id, name="system:test", is_system=True)
    text = desk.make(lambda: export_record(code, actor=actor, now=NOW))

    assert f'<option value="{LETTER}" selected>Wrote a letter</option>' in compact(search)
    assert f"/desk/notes/{note_id}" in search
    assert f"/desk/notes/{note_id}" not in other
    assert re.search(
        r'<table class="matrix">.*?<th scope="row">Wrote a letter</th>', ledger, re.DOTALL
    )
    assert json.loads(text)["terms"][0]["label_pt"] == "Escreveu uma carta"


def test_retired_act_is_no_longer_offered_and_still_readable_and_searchable(desk):
    added(desk)
    note_id = with_letter(desk)
    retired(desk, LETTER)
    code = desk.couple.code
    draft = desk.make(lambda: make_note(desk.couple, at=AT + timedelta(hours=2), now=NOW))

    assert "Wrote a letter" not in desk.get(f"/desk/notes/{draft}")
    assert "Wrote a letter" in desk.get(f"/desk/notes/{note_id}")
    assert "Wrote a letter (retired)" in desk.get(f"/desk/couples/{code}/search")
    assert f"/desk/notes/{note_id}" in desk.get(f"/desk/couples/{code}/search?term={LETTER}")
    assert "Wrote a letter" in desk.get(f"/desk/couples/{code}/ledger")


def test_portuguese_reader_reads_the_clinics_portuguese_words(desk):
    added(desk)
    note_id = with_letter(desk)
    desk.make(lambda: _speak(desk, "pt"))
    code = desk.couple.code

    for path in (f"/desk/notes/{note_id}", f"/desk/couples/{code}/ledger"):
        page = desk.get(path)
        assert "Escreveu uma carta" in page, path
        assert "Wrote a letter" not in page, path


def _speak(desk, language):
    with transaction():
        session().scalars(select(Account)).one().language = language


def test_retired_act_cannot_be_newly_chosen_and_is_named_at_its_field_until_it_is_gone(desk):
    note_id = desk.draft()
    retired(desk, "appreciation")
    chosen = a_note(attempts=(Attempt("A", ("appreciation",), "partly"),))

    first = saved(desk, note_id, chosen, revision=2, now=LATER)
    again = saved(desk, note_id, chosen, revision=3, now=LATER + timedelta(minutes=5))
    gone = saved(desk, note_id, a_note(), revision=4, now=LATER + timedelta(minutes=6))

    told = [("attempts.0.acts", RETIRED)]
    assert [(one.path, one.message) for one in first.findings] == told
    assert [(one.path, one.message) for one in again.missing] == told
    assert gone.missing == ()


@pytest.mark.parametrize("pauses", [(0, 5), (50, 55, 59)])
def test_draft_keeps_a_term_that_was_retired_after_it_was_chosen(desk, pauses):
    note_id = desk.draft()
    chosen = a_note(attempts=(Attempt("A", ("appreciation",), "partly"),))
    revision = 2
    for at, seconds in enumerate(pauses):
        content = chosen if at == len(pauses) - 1 else a_note()
        desk.make(
            lambda content=content, seconds=seconds, revision=revision: service.save_draft(
                note_id,
                content=content,
                revision=revision,
                autosave=True,
                actor=desk.couple.lead,
                now=NOW + timedelta(seconds=seconds),
            )
        )
        revision += 1
    retired(desk, "appreciation", now=NOW + timedelta(minutes=2))
    clock.freeze(SOON)

    page = desk.get(f"/desk/notes/{note_id}")
    kept = saved(desk, note_id, chosen, revision=revision, now=SOON)
    longer = saved(desk, note_id, chosen, revision=revision + 1, now=SOON + timedelta(minutes=9))

    assert re.search(
        r'value="appreciation" checked><span>Appreciation<span class="badge">retired', compact(page)
    )
    assert (kept.findings, longer.findings) == ((), ())


def test_rupture_keeps_its_retired_type_and_a_new_one_cannot_take_it(desk):
    ref = desk.rupture()
    retired(desk, "secrecy", vocabulary="rupture_type")
    lead, code = desk.couple.lead, desk.couple.code
    details = RuptureDetails("Alone at the party again", ("secrecy",), 4)

    revision = desk.make(lambda: edit_rupture(code, ref, details, revision=1, actor=lead, now=NOW))
    with pytest.raises(InvalidInput) as refused:
        desk.make(lambda: open_rupture(code, details, actor=lead, now=NOW))

    assert revision == 2
    assert refused.value.errors == {"types": [RETIRED]}


def test_reason_that_the_clinic_added_reopens_and_a_retired_one_does_not(desk):
    ref = desk.rupture()
    reason = added(desk, "reopen_reason", label_en="The old house", label_pt="A casa antiga")
    retired(desk, "anniversary", vocabulary="reopen_reason")
    note_id = desk.make(lambda: make_signed_note(desk.couple, _standing(ref), at=AT))

    def reopen(reason):
        change_status(
            desk.couple.code, ref, "reopened", reason=reason, note_id=note_id,
            actor=desk.couple.lead, now=NOW,
        )  # fmt: skip

    with pytest.raises(InvalidInput) as refused:
        desk.make(lambda: reopen("anniversary"))
    with pytest.raises(TransitionRefused) as impossible:
        desk.make(lambda: reopen(reason))

    assert refused.value.errors == {"reason": [RETIRED]}
    assert impossible.value.cause == "order"  # the reason is taken; open ruptures do not reopen


def _standing(ref):
    return a_note(ruptures=(RuptureEntry(ref, status="open"),))


def test_pages_escape_the_clinics_words(desk):
    added(desk, label_en="<b>Bold</b>", label_pt="<i>x</i>")
    note_id = desk.draft()

    page = desk.get(f"/desk/notes/{note_id}")

    assert "<b>Bold" not in page
    assert "<b>Bold</b>" in html.unescape(page)
