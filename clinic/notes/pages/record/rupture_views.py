"""One rupture: its log, what may follow, merging and splitting, joint or restricted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import Conflict, InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.foundation.texts.posted_texts import refuse_unkeepable_texts
from clinic.foundation.wall_clock import instant_from, local_date
from clinic.notes.course.load_course import CourseRupture
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.overview import couple_ledger, names_of
from clinic.notes.pages.record.rupture_forms import (
    MergeForm,
    ReversalForm,
    SplitForm,
    StatusForm,
    rupture_forms,
)
from clinic.notes.record.open_record import find_chart
from clinic.notes.rules.clinical_values import RuptureDetails
from clinic.notes.rules.rupture_events import EventKind
from clinic.notes.rules.rupture_history import allowed_transitions
from clinic.notes.rules.rupture_lifecycle import TransitionRefused
from clinic.notes.ruptures import merge_and_split
from clinic.notes.ruptures import service as ruptures
from clinic.notes.ruptures.service import ConfirmationNeeded

rupture_pages = Blueprint("ruptures", __name__, url_prefix="/desk/couples")

Page = str | tuple[str, int]


@rupture_pages.get("/<code>/ruptures/<ref>")
@requires(Permission.OPEN_CHARTS)
def show(code: str, ref: str) -> str:
    """The rupture with its whole log and what may follow."""
    return _page(code, ref)


@rupture_pages.post("/<code>/ruptures/<ref>/status")
@requires(Permission.OPEN_CHARTS)
def change(code: str, ref: str) -> AnyResponse | Page:
    """Move it on, from a day on if it is entered later."""
    typed = StatusForm(request.form)

    def do() -> None:
        ruptures.change_status(
            code,
            ref,
            typed.to.data or "",
            reason=typed.reason.data or None,
            text=typed.text.data or "",
            note_id=typed.session.data or None,
            effective_at=_effective(code, typed.effective_on.data or ""),
            partners_confirmed=tuple(
                request.form.get(f"confirmed_{slot}") == "yes" for slot in ("a", "b")
            ),
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(code, ref, do, _("The change is in the log."))


@rupture_pages.post("/<code>/ruptures/<ref>/reverse")
@requires(Permission.OPEN_CHARTS)
def reverse(code: str, ref: str) -> AnyResponse | Page:
    """Undo an entry by a reversing one."""
    typed = ReversalForm(request.form)

    def do() -> None:
        ruptures.reverse_event(
            code,
            ref,
            _number("event"),
            reason=typed.reason.data or "",
            text=typed.text.data or "",
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(code, ref, do, _("The entry is reversed; both stay in the log."))


@rupture_pages.post("/<code>/ruptures/<ref>/merge")
@requires(Permission.OPEN_CHARTS)
def merge(code: str, ref: str) -> AnyResponse | Page:
    """Let it go on in another one."""
    typed = MergeForm(request.form)

    def do() -> None:
        merge_and_split.merge_ruptures(
            code,
            ref,
            typed.target.data or "",
            text=typed.text.data or "",
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(code, ref, do, _("It goes on in the other rupture; both keep their number."))


@rupture_pages.post("/<code>/ruptures/<ref>/split")
@requires(Permission.OPEN_CHARTS)
def split(code: str, ref: str) -> AnyResponse | Page:
    """Open one of its own for a part of it."""
    typed = SplitForm(request.form)

    def do() -> None:
        details = RuptureDetails(
            title=(typed.title.data or "").strip(),
            types=tuple(request.form.getlist("types")),
            significance=_number("significance"),
            visibility=_visibility(code, ref),
        )
        merge_and_split.split_rupture(
            code,
            ref,
            details,
            text=typed.text.data or "",
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(code, ref, do, _("A rupture of its own is open."))


@rupture_pages.post("/<code>/ruptures/<ref>/visibility")
@requires(Permission.OPEN_CHARTS)
def show_or_restrict(code: str, ref: str) -> AnyResponse | Page:
    """Make it joint or restricted; from restricted to joint only when said twice."""
    actor, now = current_actor(), clock.now()
    wanted = request.form.get("visibility", "")
    try:
        ruptures.set_visibility(
            code,
            ref,
            wanted,
            confirmed=request.form.get("confirmed") == "yes",
            revision=_number("revision"),
            actor=actor,
            now=now,
        )
    except ConfirmationNeeded:
        return _page(code, ref, asks_again=True), 409
    flash(_("Done. The change is in the audit log."), "ok")
    return redirect(url_for("ruptures.show", code=code, ref=ref))


def _done(code: str, ref: str, do: Callable[[], Any], notice: str) -> AnyResponse | Page:
    refuse_unkeepable_texts()
    try:
        do()
    except TransitionRefused as refused:
        return _page(code, ref, refused=refused), 409
    except (InvalidInput, Conflict) as refused:
        return _page(code, ref, problem=refused), refused.status
    flash(notice, "ok")
    return redirect(url_for("ruptures.show", code=code, ref=ref))


def _page(code: str, ref: str, **more: Any) -> str:
    actor, now = current_actor(), clock.now()
    course, ledger = couple_ledger(code, actor=actor, now=now)
    known = course.rupture(ref)
    can_write = is_allowed(actor, Permission.WRITE_CHART, course.chart)
    values: dict[str, Any] = {
        "chart": course.chart,
        "names": first_names(course.chart.names),
        "one": known,
        "events": list(reversed(known.events)),
        "undone": _undone(known),
        "people": names_of([e.by for e in known.events], clinic_id=actor.clinic_id),
        "attempts": [a for a in course.attempts if a.details.rupture == ref],
        "episodes": [e for e in ledger.episodes if e.rupture == ref],
        "can_write": can_write,
        "today": course.chart.day(now),
        **rupture_forms(
            request.form,
            chart=course.chart,
            allowed=allowed_transitions(known.state),
            sessions=course.sessions,
            others=[o for o in course.ruptures if o.ref != ref and not o.state.merged],
            reversible=_reversible(known) if can_write else (),
        ),
    }
    return render_template("notes/record/rupture.html", **(values | more))


def _undone(rupture: CourseRupture) -> set[int]:
    return {event.reverses for event in rupture.events if event.reverses is not None}


def _reversible(rupture: CourseRupture) -> list[int]:
    """Return the ids of what can be reversed: neither the opening nor a reversal, and each once."""
    first = min((event.id for event in rupture.events), default=0)
    entries = [event for event in rupture.events if event.kind is not EventKind.REVERSAL]
    return [event.id for event in entries if event.id not in {first, *_undone(rupture)}]


def _effective(code: str, text: str) -> datetime | None:
    """The day typed, at the clinic's noon and never in the future; None: now, or its session."""
    if not text:
        return None
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput({"effective_on": [_("Give a day like 2026-03-31.")]}) from None
    now = clock.now()
    zone = find_chart(code, actor=current_actor(), now=now).zone
    noon = instant_from(on, time(12), zone=zone)
    return min(noon, now) if on <= local_date(now, zone=zone) else noon


def _visibility(code: str, ref: str) -> str:
    """What is split off a restricted rupture is restricted too."""
    course, _ledger = couple_ledger(code, actor=current_actor(), now=clock.now())
    return course.rupture(ref).details.visibility


def _number(name: str) -> int:
    text = request.form.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInput({name: [_("Choose one from the list.")]})
    return int(text)
