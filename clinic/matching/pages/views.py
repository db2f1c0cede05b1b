"""Steps 1 and 2 of booking: what is needed, and who fits, with reasons."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, session, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from clinic.accounts.browser.route_guard import public
from clinic.booking.display import card
from clinic.booking.site.flow import forget_lapsed_flow, note_flow_page
from clinic.booking.site.weeks import reader_zone
from clinic.foundation.clock import clock
from clinic.foundation.errors import N_, NotFound
from clinic.matching.pages.forms import NeedsForm
from clinic.matching.pages.labels import filter_text, label, reason_text
from clinic.matching.queries import candidates
from clinic.matching.rules.inquiry import Inquiry, PartnerWishes
from clinic.matching.rules.ranking import MatchResult, match
from clinic.matching.rules.reasons import need_rules
from clinic.practice.clinic.queries import list_public_therapists, list_session_types
from clinic.practice.models import SessionType, Therapist, in_language
from clinic.practice.rules.practice_rules import FORMATS, SITE_LANGUAGES
from clinic.practice.vocabularies.terms import vocabulary_of_request

matching = Blueprint("matching", __name__)
matching.before_request(forget_lapsed_flow)
matching.after_request(note_flow_page)

NOT_BOOKABLE = frozenset({"does_not_take_couples", "closed_to_new_couples"})
"""Filters that no choice of the visitor's can lift."""
NOTHING = N_("Nothing can be booked here just now. Please call or write to us.")


@matching.route("/book", methods=["GET", "POST"])
@public
def needs() -> Response | str | tuple[str, int]:
    """Step 1: what brings them. Nothing has to be answered."""
    kinds = list_session_types(g.clinic_id, audience="public")
    form = NeedsForm(data=session.get("inquiry", {}))
    form.session_type.choices = [
        SelectChoice(one.slug, in_language(one.name, str(get_locale())[:2])) for one in kinds
    ]
    form.needs.choices = [
        SelectChoice(term.code, label("need", term.code))
        for term in vocabulary_of_request("need").offered()
        if not term.needs_text
    ]
    if form.validate_on_submit():
        session["inquiry"] = {
            name: form[name].data
            for name in ("session_type", "needs", "couple", "language", "format")
            if form[name].data
        }
        return redirect(url_for("matching.therapists"), 303)
    page = render_template(
        "matching/needs.html",
        form=form,
        form_url=url_for("matching.needs"),
        skip_url=url_for("matching.therapists"),
    )
    return (page, 422) if form.is_submitted() else page


@matching.get("/book/therapists")
@public
def therapists() -> str:
    """Step 2: up to three who fit, why, what they cannot offer, and why not the others."""
    answers, now, zone = session.get("inquiry", {}), clock.now(), reader_zone()
    kind, everyone = _kind(answers), list_public_therapists(g.clinic_id)
    if not everyone:
        raise NotFound(NOTHING)
    known, free = candidates(everyone, kind, now=now)
    result = match(
        _inquiry(answers),
        candidates=known,
        needs=need_rules(vocabulary_of_request("need").terms),
        now=now,
    )
    by_slug = {one.slug: one for one in everyone}
    return render_template(
        "matching/therapists.html",
        matches=[
            card(
                by_slug[one.slug],
                slots=free[by_slug[one.slug].id],
                zone=zone,
                intro="",
                reasons=[
                    reason_text(reason, zone=zone)
                    for reason in one.reasons_for(None)
                    if reason.code != "format_both_chose" or answers.get("format") in FORMATS
                ],
                gap=reason_text(one.gap, zone=zone),
                times_url=_times_url(kind, by_slug[one.slug]),
            )
            for one in result.matches
        ],
        others=_others(result, by_slug, kind),
        form_url=url_for("booking.hold"),
        fields={"session_type": kind.slug},
        needs_url=url_for("matching.needs"),
        any_url=url_for("booking.times", session_type=kind.slug),
    )


def _kind(answers: dict[str, Any]) -> SessionType:
    kinds = list_session_types(g.clinic_id, audience="public")
    if not kinds:
        raise NotFound(NOTHING)
    # What was said earlier may not be offered any more.
    return next((kind for kind in kinds if kind.slug == answers.get("session_type")), kinds[0])


def _inquiry(answers: dict[str, Any]) -> Inquiry:
    """What was said as the rules take it: silence accepts everything and prefers the page's own."""
    language, format_ = answers.get("language"), answers.get("format")
    own = str(get_locale())[:2]
    wishes = PartnerWishes(
        partner="A",
        languages_preferred=(language,) if language in SITE_LANGUAGES else (own,),
        languages_acceptable=() if language in SITE_LANGUAGES else SITE_LANGUAGES,
        formats_preferred=(format_,) if format_ in FORMATS else FORMATS,
    )
    return Inquiry(needs=tuple(answers.get("needs", ())), partners=(wishes,))


def _times_url(kind: SessionType, therapist: Therapist) -> str:
    return url_for("booking.times", session_type=kind.slug, therapist=therapist.slug)


def _others(
    result: MatchResult, by_slug: dict[str, Therapist], kind: SessionType
) -> list[dict[str, str]]:
    return [
        {
            "name": by_slug[one.slug].name,
            "why": filter_text(one.shown_filter),
            "times_url": ""
            if NOT_BOOKABLE.intersection(one.filters)
            else _times_url(kind, by_slug[one.slug]),
        }
        for one in result.filtered_out
    ]
