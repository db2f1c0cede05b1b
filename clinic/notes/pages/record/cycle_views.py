"""The couple's cycle: the picture of a version, a new one, any two beside each other."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import Conflict, InvalidInput, NotFound
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import is_allowed
from clinic.notes.between_sessions.service import draw_cycle
from clinic.notes.charts.cycle import cycle_chart, partner_safe_cycle
from clinic.notes.pages.labels import first_names
from clinic.notes.pages.overview import CycleVersion, cycle_versions, names_of
from clinic.notes.pages.record.cycle_forms import CycleForm, cycle_form
from clinic.notes.record.open_record import Chart, find_chart
from clinic.notes.rules.version_diff import compare_cycles

cycle_pages = Blueprint("cycle", __name__, url_prefix="/desk/couples")

Page = str | tuple[str, int]


@cycle_pages.get("/<code>/cycle")
@requires(Permission.OPEN_CHARTS)
def show(code: str) -> str:
    """A version (`version=2`, else the latest), for partners too (`for=partner&viewer=A`)."""
    versions, chart = _versions(code), _chart(code)
    seen = _chosen(versions, "version") if versions else None
    safe = request.args.get("for") == "partner"
    viewer = request.args.get("viewer") if request.args.get("viewer") in chart.members else None
    details = seen.details if seen else None
    if details and safe:
        details = partner_safe_cycle(details, viewer=viewer)
    return render_template(
        "notes/record/cycle.html",
        versions=versions,
        seen=seen,
        safe=safe,
        viewer=viewer,
        picture=cycle_chart(details, partners=chart.members) if details else None,
        can_write=is_allowed(current_actor(), Permission.WRITE_CHART, chart),
        people=names_of([one.author for one in versions], clinic_id=chart.clinic_id),
        **_top(chart),
    )


@cycle_pages.get("/<code>/cycle/compare")
@requires(Permission.OPEN_CHARTS)
def compare(code: str) -> str:
    """Two versions field by field; without a choice the last two."""
    versions = _versions(code)
    if not versions:
        raise NotFound
    first = _chosen(versions, "first", default=versions[min(1, len(versions) - 1)])
    second = _chosen(versions, "second")
    return render_template(
        "notes/record/cycle_compare.html",
        versions=versions,
        first=first,
        second=second,
        changes=compare_cycles(first.details, second.details),
        **_top(_chart(code)),
    )


@cycle_pages.get("/<code>/cycle/new")
@requires(Permission.OPEN_CHARTS)
def new(code: str) -> Page:
    """The form for a new version, filled with the latest."""
    chart = _chart(code, Permission.WRITE_CHART)
    return _form_page(chart, _form(chart))


@cycle_pages.post("/<code>/cycle/new")
@requires(Permission.OPEN_CHARTS)
def draw(code: str) -> AnyResponse | Page:
    """Store a new version; the older ones stay."""
    chart = _chart(code, Permission.WRITE_CHART)
    form = _form(chart, sent=request.form)
    if not form.validate():
        return _form_page(chart, form)
    try:
        number = draw_cycle(
            code,
            form.details(),
            base=form.base_number,
            key=form.key.data,
            actor=current_actor(),
            now=clock.now(),
        )
    except InvalidInput as refused:
        form.show(refused.errors)
        return _form_page(chart, form)
    except Conflict as refused:
        return _form_page(chart, _held_back(chart, form, refused))
    flash(_("Version %(number)s is drawn. The earlier ones are kept.", number=number), "ok")
    return redirect(url_for("cycle.show", code=code))


def _form(chart: Chart, *, sent: Any = None) -> CycleForm:
    latest = next(iter(_versions(chart.code)), None)
    number = latest.number if latest else 0
    return cycle_form(chart, latest.details if latest else None, number=number, sent=sent)


def _held_back(chart: Chart, form: CycleForm, refused: Conflict) -> CycleForm:
    """The form as it was typed, ready to be sent on top of what is there now."""
    form.form_errors.append(_(refused.message))
    form.base.data = str(next((one.number for one in _versions(chart.code)), 0))
    form.renew()
    return form


def _form_page(chart: Chart, form: CycleForm) -> Page:
    page = render_template("notes/record/cycle_new.html", form=form, **_top(chart))
    return page, 422 if form.is_refused else 200


def _chosen(
    versions: list[CycleVersion], name: str, default: CycleVersion | None = None
) -> CycleVersion:
    """The version asked for, else the default, else the latest. Raises `NotFound`."""
    asked = request.args.get(name, "")
    if not asked:
        return default or versions[0]
    for one in versions:
        if str(one.number) == asked:
            return one
    raise NotFound


def _versions(code: str) -> list[CycleVersion]:
    return cycle_versions(code, actor=current_actor(), now=clock.now())


def _chart(code: str, permission: Permission = Permission.READ_CHART) -> Chart:
    return find_chart(code, permission=permission, actor=current_actor(), now=clock.now())


def _top(chart: Chart) -> dict[str, Any]:
    return {"chart": chart, "names": first_names(chart.names)}
