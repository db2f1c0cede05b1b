"""The practice at the desk: the clinic, its therapists, what they offer, and their hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, NotFound
from clinic.foundation.permissions import Permission, require
from clinic.practice import desk_queries, hours, service
from clinic.practice.form_fields import PracticeForm
from clinic.practice.forms import ClinicForm, SessionTypeForm, TherapistForm
from clinic.practice.hours_forms import AbsenceForm, ClosureForm, DayOverrideForm, WeekForm

practice = Blueprint("practice", __name__, url_prefix="/desk/practice")

Page = str | Response | tuple[str, int]
PREVIEW = "/desk/preview"
"""Where the booking room, a floor above, shows the slots that result."""


@practice.get("")
@requires(Permission.SEE_PRACTICE)
def overview() -> str:
    """Everything at a glance."""
    return render_template(
        "practice/overview.html",
        overview=desk_queries.practice_overview(g.clinic_id, now=clock.now()),
    )


@practice.route("/clinic", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_clinic() -> Page:
    """What the clinic says about itself."""
    form = ClinicForm(desk_queries.clinic_details(g.clinic_id))
    if _done(form, lambda: service.update_clinic(form.command(), **_by())):
        flash(_("The clinic's details are saved."), "ok")
        return redirect(url_for("practice.overview"))
    return _form_page("practice/clinic.html", form)


@practice.route("/therapists/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def new_therapist() -> Page:
    """A therapist joins; their hours come next."""
    form = TherapistForm(time_zone=g.clinic.time_zone)
    key = form.key.data or ""
    if _done(form, lambda: service.create_therapist(form.command(), key=key, **_by())):
        flash(_("%(name)s is added. Next: when do they work?", name=form.name.data), "ok")
        return redirect(url_for("practice.therapist_hours", slug=form.slug.data))
    return _form_page("practice/therapist.html", form, slug=None)


@practice.route("/therapists/<slug>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_therapist(slug: str) -> Page:
    """A therapist's profile."""
    form = TherapistForm(desk_queries.therapist_profile(g.clinic_id, slug))
    if _done(form, lambda: service.update_therapist(slug, profile=form.command(), **_by())):
        flash(_("The profile of %(name)s is saved.", name=form.name.data), "ok")
        return redirect(url_for("practice.overview"))
    return _form_page("practice/therapist.html", form, slug=slug)


@practice.route("/session-types/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def new_session_type() -> Page:
    """Something new is offered."""
    form = SessionTypeForm(therapists=desk_queries.therapist_choices(g.clinic_id))
    key = form.key.data or ""
    if _done(form, lambda: service.create_session_type(form.command(), key=key, **_by())):
        flash(_("%(name)s is added.", name=form.name_en.data), "ok")
        return redirect(url_for("practice.edit_session_type", slug=form.slug.data))
    return _form_page("practice/session_type.html", form, slug=None, previews=[])


@practice.route("/session-types/<slug>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_session_type(slug: str) -> Page:
    """A session type's words and numbers, with the slots that result."""
    details = desk_queries.session_type_details(g.clinic_id, slug)
    therapists = desk_queries.therapist_choices(g.clinic_id)
    form = SessionTypeForm(details, therapists=therapists)
    if _done(form, lambda: service.update_session_type(slug, details=form.command(), **_by())):
        flash(_("%(name)s is saved.", name=form.name_en.data), "ok")
        return redirect(url_for("practice.edit_session_type", slug=form.slug.data))
    offered = [(name, one) for one, name in therapists if one in details.therapists]
    previews = [(name, _preview(one, session_type=slug)) for name, one in offered]
    return _form_page("practice/session_type.html", form, slug=slug, previews=previews)


@practice.route("/closures", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def closures() -> Page:
    """When the whole clinic is closed."""
    form = ClosureForm(sent=_sent())
    if _done(form, lambda: hours.add_closure(form.command(), **_by())):
        flash(_("The clinic is closed then: no times are offered."), "ok")
        return redirect(url_for("practice.closures"))
    ahead = desk_queries.closures_ahead(g.clinic_id, now=clock.now())
    return _form_page("practice/closures.html", form, closures=ahead)


@practice.post("/closures/<closure_id>/remove")
@requires(Permission.EDIT_PRACTICE)
def remove_closure(closure_id: str) -> Page:
    """Open again."""
    hours.remove_closure(closure_id, **_by())
    flash(_("The closure is removed."), "ok")
    return redirect(url_for("practice.closures"))


@practice.get("/therapists/<slug>/hours")
@requires(Permission.EDIT_HOURS)
def therapist_hours(slug: str) -> Page:
    """When a therapist works, and what results."""
    return _hours_page(slug)


@practice.post("/therapists/<slug>/hours")
@requires(Permission.EDIT_HOURS)
def save_week(slug: str) -> Page:
    """Save the usual week; or only draw it again with a row more or less."""
    form = WeekForm((), sent=_sent())
    if "add" in request.form:
        form.add_row(request.form["add"])
    elif "remove" in request.form:
        form.remove_row(request.form["remove"])
    elif _done(form, lambda: hours.set_weekly_hours(slug, ranges=form.command(), **_by())):
        flash(_("The weekly hours are saved."), "ok")
        return _to_hours(slug)
    return _hours_page(slug, week=form)


@practice.post("/therapists/<slug>/days")
@requires(Permission.EDIT_HOURS)
def save_day(slug: str) -> Page:
    """Other hours for one date."""
    form = DayOverrideForm(sent=_sent())
    if _done(form, lambda: hours.set_day_override(slug, hours=form.command(), **_by())):
        flash(_("The hours of that day are saved."), "ok")
        return _to_hours(slug)
    return _hours_page(slug, day=form)


@practice.post("/therapists/<slug>/days/<on>/remove")
@requires(Permission.EDIT_HOURS)
def remove_day(slug: str, on: str) -> Page:
    """The usual week holds again on a date."""
    hours.remove_day_override(slug, on=_date(on), **_by())
    flash(_("The usual hours hold again on that day."), "ok")
    return _to_hours(slug)


@practice.post("/therapists/<slug>/time-off")
@requires(Permission.EDIT_HOURS)
def save_time_off(slug: str) -> Page:
    """A therapist is away."""
    form = AbsenceForm(sent=_sent())
    if _done(form, lambda: hours.add_time_off(slug, absence=form.absence(), **_by())):
        flash(_("The time off is saved: no times are offered then."), "ok")
        return _to_hours(slug)
    return _hours_page(slug, away=form)


@practice.post("/therapists/<slug>/time-off/<time_off_id>/remove")
@requires(Permission.EDIT_HOURS)
def remove_time_off(slug: str, time_off_id: str) -> Page:
    """They are there after all."""
    hours.remove_time_off(slug, time_off_id=time_off_id, **_by())
    flash(_("The time off is removed."), "ok")
    return _to_hours(slug)


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}


def _sent() -> Any:
    """What was sent; one page has several forms, and each takes only what was sent to it."""
    return request.form if request.method == "POST" else None


def _done(form: PracticeForm, use_case: Callable[[], object]) -> bool:
    """Whether the form was sent, could be read, and was accepted; else its fields say why not."""
    if not form.validate_on_submit():
        return False
    try:
        use_case()
    except InvalidInput as refused:
        form.show(refused.errors)
        return False
    return True


def _form_page(template: str, form: PracticeForm, **values: Any) -> Page:
    return render_template(template, form=form, **values), 422 if form.is_refused else 200


def _hours_page(
    slug: str,
    *,
    week: WeekForm | None = None,
    day: DayOverrideForm | None = None,
    away: AbsenceForm | None = None,
) -> Page:
    found = desk_queries.therapist_hours(g.clinic_id, slug, now=clock.now())
    require(current_actor(), Permission.EDIT_HOURS, found.id)
    forms = {
        "week": week or WeekForm(found.weekly),
        "day": day or DayOverrideForm(),
        "away": away or AbsenceForm(),
    }
    previews = [(name, _preview(slug, session_type=kind)) for kind, name in found.session_types]
    page = render_template("practice/hours.html", therapist=found, previews=previews, **forms)
    return page, 422 if any(form.is_refused for form in forms.values()) else 200


def _to_hours(slug: str) -> Response:
    return redirect(url_for("practice.therapist_hours", slug=slug))


def _preview(therapist: str, *, session_type: str) -> str:
    today = clock.now().date()
    monday = today - timedelta(days=today.weekday())
    query = urlencode({"session_type": session_type, "week": monday.isoformat()})
    return f"{PREVIEW}/{therapist}?{query}"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFound from error
