"""The practice at the desk: the clinic, its therapists, what they offer, and their hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import ChangedElsewhere, InvalidInput, NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require
from clinic.practice.clinic import page_queries, service
from clinic.practice.form_fields import PracticeForm
from clinic.practice.hours import service as hours
from clinic.practice.hours.forms import AbsenceForm, ClosureForm, DayOverrideForm, WeekForm
from clinic.practice.pages.forms import ClinicForm, SessionTypeForm, TherapistForm

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
        overview=page_queries.practice_overview(g.clinic_id, now=clock.now()),
    )


@practice.route("/clinic", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_clinic() -> Page:
    """What the clinic says about itself."""
    form = _clinic_form(sent=_sent())
    save = partial(service.update_clinic, seen=form.seen)
    if _done(form, lambda: save(form.command(), **_by()), stored=_clinic_form):
        flash(_("The clinic's details are saved."), "ok")
        return redirect(url_for("practice.overview"))
    return _form_page("practice/clinic.html", form)


@practice.route("/therapists/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def new_therapist() -> Page:
    """A therapist joins; their hours come next."""
    form = TherapistForm(time_zone=g.clinic.time_zone, sent=_sent())
    key = form.key.data or ""
    if _done(form, lambda: service.create_therapist(form.command(), key=key, **_by())):
        flash(_("%(name)s is added. Next: when do they work?", name=form.name.data), "ok")
        return redirect(url_for("practice.therapist_hours", slug=form.slug.data))
    return _form_page("practice/therapist.html", form, slug=None)


@practice.route("/therapists/<slug>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_therapist(slug: str) -> Page:
    """A therapist's profile."""
    drawn = partial(_therapist_form, slug)
    form = drawn(sent=_sent())
    save = partial(service.update_therapist, slug, seen=form.seen)
    if _done(form, lambda: save(profile=form.command(), **_by()), stored=drawn):
        flash(_("The profile of %(name)s is saved.", name=form.name.data), "ok")
        return redirect(url_for("practice.overview"))
    return _form_page("practice/therapist.html", form, slug=slug)


@practice.route("/session-types/new", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def new_session_type() -> Page:
    """Something new is offered."""
    form = SessionTypeForm(therapists=page_queries.therapist_choices(g.clinic_id), sent=_sent())
    key = form.key.data or ""
    if _done(form, lambda: service.create_session_type(form.command(), key=key, **_by())):
        flash(_("%(name)s is added.", name=form.name_en.data), "ok")
        return redirect(url_for("practice.edit_session_type", slug=form.slug.data))
    return _form_page("practice/session_type.html", form, slug=None, previews=[])


@practice.route("/session-types/<slug>", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def edit_session_type(slug: str) -> Page:
    """A session type's words and numbers, with the slots that result."""
    drawn = partial(_session_type_form, slug)
    form = drawn(sent=_sent())
    save = partial(service.update_session_type, slug, seen=form.seen)
    if _done(form, lambda: save(details=form.command(), **_by()), stored=drawn):
        flash(_("%(name)s is saved.", name=form.name_en.data), "ok")
        return redirect(url_for("practice.edit_session_type", slug=form.slug.data))
    offering = page_queries.session_type_details(g.clinic_id, slug).therapists
    names = dict(page_queries.therapist_choices(g.clinic_id))
    previews = [(names[one], _preview(one, session_type=slug)) for one in offering]
    return _form_page("practice/session_type.html", form, slug=slug, previews=previews)


@practice.route("/closures", methods=["GET", "POST"])
@requires(Permission.EDIT_PRACTICE)
def closures() -> Page:
    """When the whole clinic is closed."""
    form = ClosureForm(sent=_sent())
    if _done(form, lambda: hours.add_closure(form.command(), **_by())):
        flash(_("The clinic is closed then: no times are offered."), "ok")
        return redirect(url_for("practice.closures"))
    ahead = page_queries.closures_ahead(g.clinic_id, now=clock.now())
    hit = _booked_outside(page_queries.therapist_names(g.clinic_id))
    return _form_page("practice/closures.html", form, closures=ahead, booked_outside=hit)


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
    elif _done(form, partial(_set_week, slug, form), stored=partial(_stored_week, slug)):
        flash(_("The weekly hours are saved."), "ok")
        return _to_hours(slug)
    return _hours_page(slug, week=form)


@practice.post("/therapists/<slug>/days")
@requires(Permission.EDIT_HOURS)
def save_day(slug: str) -> Page:
    """Other hours for one date."""
    form = DayOverrideForm(sent=_sent())
    if _done(form, partial(_set_day, slug, form), stored=partial(_stored_day, slug, form)):
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


def _done(
    form: PracticeForm,
    use_case: Callable[[], object],
    *,
    stored: Callable[[], PracticeForm] | None = None,
) -> bool:
    """Whether the form was sent, could be read, and was accepted; else it says why not.

    `stored` draws the form anew, to be shown beside what was typed.
    """
    if not form.validate_on_submit():
        return False
    try:
        use_case()
    except InvalidInput as refused:
        form.show(refused.errors)
        return False
    except ChangedElsewhere:
        if stored is None:
            raise
        form.compare(stored())
        return False
    return True


def _clinic_form(*, sent: Any = None) -> ClinicForm:
    return ClinicForm(page_queries.clinic_details(g.clinic_id), sent=sent)


def _therapist_form(slug: str, *, sent: Any = None) -> TherapistForm:
    return TherapistForm(page_queries.therapist_profile(g.clinic_id, slug), sent=sent)


def _session_type_form(slug: str, *, sent: Any = None) -> SessionTypeForm:
    details = page_queries.session_type_details(g.clinic_id, slug)
    therapists = page_queries.therapist_choices(g.clinic_id)
    return SessionTypeForm(details, therapists=therapists, sent=sent)


def _set_week(slug: str, form: WeekForm) -> None:
    hours.set_weekly_hours(slug, ranges=form.command(), seen=form.seen, **_by())


def _stored_week(slug: str) -> WeekForm:
    return WeekForm(page_queries.therapist_hours(g.clinic_id, slug, now=clock.now()).weekly)


def _set_day(slug: str, form: DayOverrideForm) -> None:
    hours.set_day_override(slug, hours=form.command(), seen=form.seen.split(), **_by())


def _stored_day(slug: str, form: DayOverrideForm) -> DayOverrideForm:
    known = page_queries.therapist_hours(g.clinic_id, slug, now=clock.now()).overrides
    shown = next((one for one in known if one.on == form.on.data), None)
    return DayOverrideForm(known, shown=shown)


def _booked_outside(therapist_ids: Iterable[str]) -> list[Any]:
    """What is booked at times not worked: asked of the booking room, a floor above."""
    found: Callable[..., list[Any]] = current_app.extensions["booked_outside_hours"]
    return found(list(therapist_ids), now=clock.now())


def _form_page(template: str, form: PracticeForm, **values: Any) -> Page:
    return render_template(template, form=form, **values), form.status


def _hours_page(
    slug: str,
    *,
    week: WeekForm | None = None,
    day: DayOverrideForm | None = None,
    away: AbsenceForm | None = None,
) -> Page:
    found = page_queries.therapist_hours(g.clinic_id, slug, now=clock.now())
    require(current_actor(), Permission.EDIT_HOURS, found.id)
    forms = {
        "week": week or WeekForm(found.weekly),
        "day": day or DayOverrideForm(found.overrides),
        "away": away or AbsenceForm(),
    }
    previews = [(name, _preview(slug, session_type=kind)) for kind, name in found.session_types]
    hit = _booked_outside([found.id])
    page = render_template(
        "practice/hours.html", therapist=found, previews=previews, booked_outside=hit, **forms
    )
    # One form at most was sent, so one at most has something to say.
    return page, next((form.status for form in forms.values() if form.status != 200), 200)


def _to_hours(slug: str) -> Response:
    return redirect(url_for("practice.therapist_hours", slug=slug))


def _preview(therapist: str, *, session_type: str) -> str:
    return f"{PREVIEW}/{therapist}?{urlencode({'session_type': session_type})}"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFound from error
