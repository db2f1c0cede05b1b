"""A note with a character that cannot be stored: said at its field, until the mark is deleted."""

from __future__ import annotations

import html
import re

from clinic.foundation.texts.characters import CANNOT_BE_KEPT
from tests.support.notes.record_client import WHOLE

FIELD = r'<div id="{0}-error">.*?<span>([^<]*)</span>.*?<(?:textarea|input)([^>]* id="{0}"[^>]*)>'
OF_OLD_TEXTS = "stands for characters that cannot be shown"


def marked(page, name):
    """What is said at a field, and whether its control is marked and described by it."""
    found = re.search(FIELD.format(re.escape(name)), page, re.DOTALL)
    if found is None:
        return None
    attributes = found[2]
    is_marked = 'aria-invalid="true"' in attributes and f"{name}-error" in attributes
    return html.unescape(found[1]), is_marked


def refused(desk, note_id, **texts):
    data = WHOLE | {"revision": "2"} | {name.replace("__", "."): t for name, t in texts.items()}
    return desk.post(f"/desk/notes/{note_id}", data, status=422).text


def test_refused_character_is_said_at_its_field_with_the_fields_name(desk):
    note_id = desk.draft()

    page = refused(desk, note_id, plan="ten\x0bminutes", attendance__A__text="late\x00")

    assert marked(page, "plan") == (CANNOT_BE_KEPT, True)
    assert marked(page, "attendance.A.text") == (CANNOT_BE_KEPT, True)
    assert marked(page, "free_text") is None
    summary = re.findall(r'<a class="block" href="#([\w.]+)">([^<]+)</a>', page)
    assert [(at, html.unescape(said)) for at, said in summary] == [
        ("attendance.A.text", f"Remark on attendance, Alex: {CANNOT_BE_KEPT}"),
        ("plan", f"Plan: {CANNOT_BE_KEPT}"),
    ]


def test_list_beside_a_refused_note_says_what_to_correct_and_nothing_of_what_was_written(desk):
    page = refused(desk, desk.draft(), plan="ten\x0bminutes")

    listed = page.split("data-missing-list", 1)[1].split("</ol>", 1)[0]
    assert re.findall(r'href="#([\w.]+)">([^<]+)<', listed) == [("plan", "Correct “Plan”.")]
    assert "1 thing left before signing" in page


def test_notice_of_old_texts_does_not_stand_on_a_refused_form(desk):
    assert OF_OLD_TEXTS not in refused(desk, desk.draft(), plan="ten\x0bminutes")


def test_mark_that_is_sent_again_is_refused_at_its_field_until_it_is_deleted(desk):
    note_id = desk.draft()
    refused(desk, note_id, plan="ten\x0bminutes")

    assert marked(refused(desk, note_id, plan="ten�minutes"), "plan") == (CANNOT_BE_KEPT, True)
    assert marked(refused(desk, note_id, plan="10 �minutes"), "plan") == (CANNOT_BE_KEPT, True)
    desk.post(f"/desk/notes/{note_id}", WHOLE | {"revision": "2", "plan": "ten minutes"})

    assert desk.read(note_id).body.content.plan == "ten minutes"


def test_replacement_character_of_a_stored_text_can_be_saved_again(desk):
    note_id = desk.draft()
    path = f"/desk/notes/{note_id}"
    desk.post(path, WHOLE | {"revision": "2", "plan": "an old �"})
    assert OF_OLD_TEXTS in desk.get(path)

    data = WHOLE | {"revision": "3"}
    desk.post(path, data | {"plan": "an old � and\x0b"}, status=422)
    desk.post(path, data | {"plan": "an old � and�"}, status=422)
    desk.post(path, data | {"plan": "an old � and more"})

    assert desk.read(note_id).body.content.plan == "an old � and more"
