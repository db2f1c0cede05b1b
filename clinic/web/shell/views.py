"""The front page, the language switch and the answers for operations."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import public
from clinic.booking import display
from clinic.booking.appointments.queries import first_free
from clinic.booking.site.weeks import reader_zone
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.errors import Unavailable
from clinic.practice.clinic.queries import list_bookable, list_public_therapists, list_session_types
from clinic.practice.models import SessionType, Therapist
from clinic.web.shell.probes import must_be_writable
from clinic.web.shell.request_context import LANGUAGE_NAMES

web = Blueprint("web", __name__)


@web.get("/")
@public
def home() -> str:
    """What an initial consultation is, who the therapists are, and the way to book."""
    kinds = list_session_types(g.clinic_id, audience="public")
    therapists = list_public_therapists(g.clinic_id)
    zone = reader_zone()
    return render_template(
        "web/shell/home.html",
        book_url=url_for("matching.needs"),
        consultation=_consultation(kinds, therapists),
        next_free=_next_free(kinds, zone=zone),
        therapists=[display.card(one, zone=zone, times_url=_times_url(one)) for one in therapists],
        needs=[],
    )


def _consultation(
    kinds: Sequence[SessionType], therapists: Sequence[Therapist]
) -> dict[str, object]:
    spoken = dict.fromkeys(code for one in therapists for code in one.languages)
    offered = kinds[0].formats if kinds else []
    return {
        "minutes": kinds[0].length_minutes if kinds else 30,
        "formats": " · ".join(display.format_name(code) for code in offered),
        "languages": ", ".join(display.language_name(code) for code in spoken),
        "price": "",
    }


def _times_url(therapist: Therapist) -> str:
    """The times of the first thing that this therapist offers to everybody; none, no link."""
    offered = [kind for kind in therapist.session_types if kind.active]
    public_ones = [kind.slug for kind in offered if kind.audience == "public"]
    if not public_ones:
        return ""
    return url_for("booking.times", session_type=public_ones[0], therapist=therapist.slug)


def _next_free(kinds: Sequence[SessionType], *, zone: str) -> display.Chip | None:
    if not kinds:
        return None
    first = first_free(list_bookable(g.clinic_id, kinds[0].id), kinds[0], now=clock.now())
    return display.chip(*first, zone=zone) if first else None


@web.get("/language")
@public
def choose_language() -> AnyResponse:
    """Remember the reader's language and go back to where they were (on this site only)."""
    chosen = request.args.get("language", "")
    if chosen in LANGUAGE_NAMES:
        session["language"] = chosen
    return redirect(local_target(request.args.get("next", "")) or url_for("web.home"))


def local_target(target: str) -> str | None:
    """The target when it is a path of this site, else None (no redirect ever leaves)."""
    try:
        parts = urlsplit(target)
    except ValueError:  # brackets that are no address, for instance
        return None
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    if not plain or parts.scheme or parts.netloc or any(c in target for c in "\r\n\t\\"):
        return None
    return target


@web.get("/privacy")
@public
def privacy() -> str:
    """What is kept, why, who sees it, and for how long."""
    return render_template("web/shell/privacy.html")


@web.get("/healthz")
@public
def healthz() -> Response:
    """Alive."""
    return jsonify(status="alive")


@web.get("/readyz")
@public
def readyz() -> Response:
    """Whether the database can be read and written, and how much waits. 503 otherwise."""
    try:
        must_be_writable()
        waiting = outbox.backlog(now=clock.now())
    except Exception as error:
        raise Unavailable from error
    return jsonify(status="ready", outbox={"waiting": waiting.waiting, "dead": waiting.dead})
