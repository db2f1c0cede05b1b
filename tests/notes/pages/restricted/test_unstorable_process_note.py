"""A process note with a character that cannot be stored: said on its own page, at its field."""

from __future__ import annotations

import html

from clinic.foundation.texts.characters import CANNOT_BE_KEPT
from tests.notes.pages.session_note.test_unstorable_characters import marked


def test_refused_process_note_is_said_at_its_field_on_its_own_page(desk):
    path = f"/desk/couples/{desk.couple.code}/process-notes"

    page = desk.post(path, {"text": "mine\x0bonly"}, status=422).text

    assert marked(page, "text-new") == (CANNOT_BE_KEPT, True)
    assert "mine�only" in html.unescape(page)
    assert "Process notes</h1>" in page
