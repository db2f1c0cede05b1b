"""The couples' records: the list of them, one record with its timeline, search, the brief."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput
from clinic.foundation.permissions.actors import Actor
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.between_sessions.queries import Entry, list_entries
from clinic.notes.course.timeline import timeline_page
from clinic.notes.pages.labels import first_names, searchable
from clinic.notes.pages.overview import Overview, couple_overview
from clinic.notes.pages.record.session_holder_brief import held_brief, writable_appointment
from clinic.notes.pages.session_note.past_session_form import HeldSessionForm, held_session_form
from clinic.notes.record.open_record import find_chart
from clinic.notes.ruptures.safety_flags import flags_due, list_safety_flags
from clinic.notes.session_notes import service
from clinic.notes.session_notes.couple_list import list_couples, next_session
from clinic.notes.session_notes.search import Wanted, fold, search_couple, search_own_couples
from clinic.notes.session_notes.unsigned import notes_to_cosign, unsigned_notes

record = Blueprint("record", __name__, url_prefix="/desk")

Page = str | tuple[str, int]
SEARCHED = ("rupture_type", "repair_act", "intervention", "exercise", "cycle_pattern", "receipt")


@record.get("/couples")
@requires(Permission.OPEN_CHARTS)
def couples() -> Page:
    """The actor's couples; with a word, those whose code or names hold it, and notes that do."""
    actor, now = current_actor(), clock.now()
    words = request.args.get("q", "").strip()
    lines = list_couples(actor=actor, now=now)
    hits = search_own_couples(Wanted(words=words[:200]), actor=actor, now=now) if words else []
    if words:
        wanted = fold(words)[0]
        lines = [one for one in lines if wanted in fold(_called(one.chart))[0]]
    return render_template("notes/record/couples.html", lines=lines, words=words, hits=hits)


@record.get("/couples/<code>")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> str:
    """One record: what is open, what was planned, and the timeline, newest first."""
    actor, now = current_actor(), clock.now()
    overview = couple_overview(code, actor=actor, now=now)
    page = timeline_page(code, before=request.args.get("before") or None, actor=actor, now=now)
    return render_template(
        "notes/record/record.html",
        overview=overview,
        page=page,
        coming=next_session(overview.chart, now=now),
        waiting=[one for one in _unsigned() if one.code == code],
        flags=[f for f in list_safety_flags(code, actor=actor, now=now) if f.cleared_at is None],
        searched=_searched(),
        can_write=is_allowed(actor, Permission.WRITE_CHART, overview.chart),
        **_standing(overview),
    )


@record.get("/couples/<code>/search")
@requires(Permission.OPEN_CHARTS)
def search(code: str) -> Page:
    """The couple's notes with a word, a term, a rupture, or from certain days."""
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, actor=actor, now=now)
    wanted = Wanted(
        words=request.args.get("words", ""),
        term=request.args.get("term") or None,
        rupture=request.args.get("rupture") or None,
        since=_day(request.args.get("since", "")),
        until=_day(request.args.get("until", "")),
    )
    values: dict[str, Any] = {
        "chart": chart,
        "wanted": wanted,
        "searched": _searched(),
        "problems": {},
        "hits": None,
    }
    if wanted == Wanted():
        return render_template("notes/record/search.html", **values)
    try:
        values["hits"] = search_couple(code, wanted, actor=actor, now=now)
    except InvalidInput as refused:
        values["problems"] = refused.errors
        return render_template("notes/record/search.html", **values), 422
    return render_template("notes/record/search.html", **values)


@record.get("/couples/<code>/brief")
@requires(Permission.OPEN_CHARTS)
def brief(code: str) -> str:
    """One screen before a session: the plan, what is open, the last ratings, flags.

    For who holds this one session and does not lead the couple, what that calls for.
    """
    actor, now = current_actor(), clock.now()
    appointment = request.args.get("appointment", "")
    if appointment and (held := held_brief(code, appointment, actor=actor, now=now)):
        return render_template("notes/record/held_brief.html", held=held)
    overview = couple_overview(code, actor=actor, now=now)
    flags = list_safety_flags(code, actor=actor, now=now)
    return render_template(
        "notes/record/brief.html",
        overview=overview,
        flags=[one for one in flags if one.cleared_at is None],
        coming=next_session(overview.chart, now=now),
        told=_entries_since(overview, actor=actor, now=now),
        appointment=writable_appointment(appointment, actor=actor, now=now),
        **_standing(overview),
    )


@record.get("/couples/<code>/notes/new")
@requires(Permission.OPEN_CHARTS)
def new_note(code: str) -> Page:
    """Which session the note is of: one of those without a note, or one held elsewhere."""
    appointment = request.args.get("appointment", "")
    actor, now = current_actor(), clock.now()
    if appointment and (held := held_brief(code, appointment, actor=actor, now=now)):
        return render_template("notes/record/held_brief.html", held=held)
    return _new_note_page(code, held_session_form())


@record.post("/couples/<code>/notes/new")
@requires(Permission.OPEN_CHARTS)
def begin_note(code: str) -> AnyResponse | Page:
    """Open the note of a session and go to its screen."""
    actor, now = current_actor(), clock.now()
    appointment = request.form.get("appointment", "")
    if appointment:
        note_id = service.open_note(appointment, actor=actor, now=now)
        return redirect(url_for("session_notes.show", note_id=note_id))
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    form = held_session_form(request.form)
    if (held := form.held(chart.zone)) is not None:
        try:
            note_id = service.enter_note(
                code,
                held_from=held[0],
                held_until=held[1],
                kind=form.kind.data,
                late_reason=form.late_reason.data,
                actor=actor,
                now=now,
            )
            return redirect(url_for("session_notes.show", note_id=note_id))
        except InvalidInput as refused:
            form.show(refused.errors)
    return _new_note_page(code, form), form.status


@record.get("/notes/unsigned")
@requires(Permission.OPEN_CHARTS)
def unsigned() -> str:
    """What is still to be written or signed, oldest first; flags that are due; co-signatures."""
    actor, now = current_actor(), clock.now()
    return render_template(
        "notes/record/unsigned.html",
        waiting=unsigned_notes(actor=actor, now=now),
        flags=flags_due(actor=actor, now=now),
        to_cosign=notes_to_cosign(actor=actor, now=now),
    )


def _new_note_page(code: str, form: HeldSessionForm) -> str:
    actor, now = current_actor(), clock.now()
    chart = find_chart(code, permission=Permission.WRITE_CHART, actor=actor, now=now)
    waiting = [one for one in _unsigned() if one.code == code]
    wanted = writable_appointment(request.args.get("appointment", ""), actor=actor, now=now)
    return render_template(
        "notes/session_note/new.html", chart=chart, waiting=waiting, wanted=wanted, form=form
    )


def _unsigned() -> list[Any]:
    return list(unsigned_notes(actor=current_actor(), now=clock.now()))


def _called(chart: Any) -> str:
    return " ".join([chart.code, *chart.names.values()])


def _standing(overview: Overview) -> dict[str, Any]:
    """What is open, what is parked, and each partner's ratings at the last session's end."""
    told = [one for one in overview.ratings if one.details.point == "end"]
    newest = {one.details.partner: one for one in sorted(told, key=lambda one: one.at)}
    return {
        "names": first_names(overview.chart.names),
        "open_ruptures": [one for one in overview.ruptures if one.state.is_open],
        "parked": [one for one in overview.ruptures if one.state.status == "parked"],
        "ratings": {slot: one.details for slot, one in newest.items()},
    }


def _entries_since(overview: Overview, *, actor: Actor, now: datetime) -> list[Entry]:
    """What was told since the last session and still counts, newest first."""
    held = [one.ends_at for one in overview.sessions if one.ends_at <= now]
    between = list_entries(overview.chart.code, actor=actor, now=now)
    return [
        one
        for one in between.entries
        if one.in_error is None and (not held or one.at > max(held)) and not one.from_note
    ]


def _searched() -> list[tuple[str, list[Any]]]:
    return [(name, searchable(name)) for name in SEARCHED]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
