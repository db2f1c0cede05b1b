"""The JSON API of the record, for staff with their session.

These views trust the session cookie, so the blueprint is not exempt from CSRF tokens.
"""

from __future__ import annotations

from typing import Any

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.permissions.permission_names import Permission
from clinic.notes.course.load_course import CourseAttempt, CourseRupture
from clinic.notes.course.stored_windows import StoredRun
from clinic.notes.course.timeline import NoteLine, TimelineItem, timeline_page
from clinic.web.api.callers import read_limit
from clinic.web.api.openapi import PREFIX, ApiBlueprint
from clinic.web.api.record_schemas import TimelineOut, TimelineQuery

records = ApiBlueprint(
    "api-record", __name__, url_prefix=f"{PREFIX}/couples", description="The record, for staff"
)


@records.get("/<code>/timeline")
@requires(Permission.OPEN_CHARTS)
@read_limit
@records.describes("getTimeline", refuses=(401, 403, 404, 422, 429, 503))
@records.arguments(TimelineQuery, location="query")
@records.response(200, TimelineOut)
def timeline(query: dict[str, Any], code: str) -> dict[str, Any]:
    """Notes, ruptures, attempts and windows, newest first. Needs the session of a clinician.

    Of a session that another therapist held with one partner alone only its time is told.
    """
    page = timeline_page(
        code,
        before=query.get("before"),
        limit=query["limit"],
        actor=current_actor(),
        now=clock.now(),
    )
    return {
        "couple": page.chart.code,
        "items": [item_document(item) for item in page.items],
        "next_cursor": page.next_cursor,
    }


def item_document(item: TimelineItem) -> dict[str, Any]:
    """An item; only what its page shows."""
    return {
        "what": item.what,
        "id": item.id,
        "at": item.at,
        "note": _note(item.note) if item.note else None,
        "rupture": _rupture(item.rupture) if item.rupture else None,
        "attempt": _attempt(item.attempt) if item.attempt else None,
        "run": _run(item.run) if item.run else None,
        "session": {"end": item.session.ended_at} if item.session else None,
    }


def _note(line: NoteLine) -> dict[str, Any]:
    return {
        "number": line.number,
        "status": line.status,
        "kind": line.kind,
        "end": line.held_until,
        "is_late": line.is_late,
        "plan": line.plan,
        "ruptures": [{"ref": ref, "status": status} for ref, status in line.ruptures],
        "safety": line.safety,
    }


def _rupture(seen: CourseRupture) -> dict[str, Any]:
    return {
        "ref": seen.ref,
        "title": seen.details.title,
        "types": seen.details.types,
        "status": seen.state.status,
    }


def _attempt(seen: CourseAttempt) -> dict[str, Any]:
    told = seen.details
    return {
        "by": told.by,
        "acts": told.acts,
        "receipt": told.receipt,
        "rupture": told.rupture,
        "facilitated": told.facilitated,
        "felt_safety_before": told.felt_safety_before,
        "felt_safety_after": told.felt_safety_after,
        "session": seen.session_number,
    }


def _run(seen: StoredRun) -> dict[str, Any]:
    return {
        "asker": seen.details.asker,
        "listener": seen.details.listener,
        "end_state": seen.state.end_state,
        "first_pause_s": seen.state.first_pause_s,
    }
