"""A signed note as a page, for every view that ends on it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from clinic.accounts.browser.route_guard import current_actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.between_sessions.queries import marked_in_note
from clinic.notes.pages.overview import names_of
from clinic.notes.rules.note_formats import birp, dap, girp, soap
from clinic.notes.rules.sealing import RECALL_WINDOW
from clinic.notes.session_notes.queries import ReadableNote

NOTE_FORMATS = {"soap": soap, "dap": dap, "birp": birp, "girp": girp}


def reading_page(seen: ReadableNote, **more: Any) -> str:
    """A signed note: the whole of it or one of the classical formats, and what was added."""
    view = request.args.get("view", "")
    chosen = NOTE_FORMATS.get(view)
    people = names_of(
        [seen.author, seen.cosigned_by or "", *(one.author for one in seen.addenda)],
        clinic_id=seen.chart.clinic_id,
    )
    actor = current_actor()
    content = seen.body.content if seen.signed_at else seen.body.content.answered()
    values: dict[str, Any] = {
        "note": seen,
        "content": content,
        "sections": chosen(content) if chosen else (),
        "view": view if chosen else "",
        "formats": list(NOTE_FORMATS),
        "people": people,
        "recall_until": seen.signed_at + RECALL_WINDOW if seen.signed_at else None,
        "can_write": is_allowed(actor, Permission.WRITE_NOTE, seen.subject),
        "is_author": seen.author == actor.name,
        "can_cosign": is_allowed(actor, Permission.COSIGN_NOTE, seen.subject),
        "marked": marked_in_note(seen.chart, seen.id, actor=actor),
        "problems": {},
        "typed": {},
    }
    return render_template("notes/session_note/read.html", **(values | more))
