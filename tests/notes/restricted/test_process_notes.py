from __future__ import annotations

from dataclasses import replace

import pytest

from clinic.foundation.errors import Conflict
from clinic.notes.restricted.process_notes import (
    list_process_notes,
    read_process_note,
    save_process_note,
    write_process_note,
)
from clinic.notes.session_notes.queries import read_note
from tests.support.notes.whole_record import NONE, NOW, outcome, read_as

pytestmark = pytest.mark.usefixtures("context")


def test_process_note_is_changed_on_top_of_what_was_read(record):
    kept = record(write_process_note, "My unease.", note_id=record.note)

    save_process_note(kept, "My unease, later.", revision=1, **record.asks)

    [seen] = record(list_process_notes)
    assert (seen.text, seen.revision, seen.note_id) == ("My unease, later.", 2, record.note)
    with pytest.raises(Conflict):
        save_process_note(kept, "Again.", revision=1, **record.asks)


def test_whoever_no_longer_leads_the_couple_keeps_only_the_own_process_notes(whole_record):
    former = replace(whole_record.couple.lead, therapist_id="0" * 32)

    assert read_as(whole_record, "lead", lambda r, _: r.process) == whole_record.process
    assert outcome(lambda: read_note(whole_record.note, actor=former, now=NOW)) == NONE
    assert read_process_note(whole_record.process, actor=former, now=NOW).text == "My own unease."
