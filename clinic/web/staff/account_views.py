"""Staff accounts at the desk, for administrators: who can sign in, and as what.

Nobody sees or sets somebody else's password here: people get a link by mail and choose their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.administration import service
from clinic.accounts.administration.queries import (
    StaffAccount,
    get_account,
    list_accounts,
    list_sessions,
    open_link_until,
)
from clinic.accounts.administration.role_labels import names_of, role_hints
from clinic.accounts.browser.route_guard import current_actor, requires
from clinic.foundation.clock import clock
from clinic.foundation.errors import Conflict, InvalidInput
from clinic.foundation.permissions.permission_names import Permission
from clinic.practice.clinic.page_queries import therapist_names
from clinic.web.staff.account_forms import InviteForm, RolesForm

staff_accounts = Blueprint("staff_accounts", __name__, url_prefix="/desk/accounts")

Page = str | Response | tuple[str, int]


@staff_accounts.get("")
@requires(Permission.MANAGE_ACCOUNTS)
def overview() -> str:
    """Everybody who can sign in."""
    return render_template(
        "web/staff/accounts.html",
        accounts=list_accounts(g.clinic_id, now=clock.now()),
        therapists=therapist_names(g.clinic_id),
        names_of=names_of,
        zone=g.clinic.time_zone,
    )


@staff_accounts.route("/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ACCOUNTS)
def invite() -> Page:
    """Somebody joins: they get a link by mail."""
    form = InviteForm(therapists=therapist_names(g.clinic_id), language=g.clinic.language)

    def use_case() -> None:
        typed = {"email": form.email.data, "name": form.name.data, "language": form.language.data}
        service.invite_account(**typed, **form.chosen(), **_by())

    if _done(form, use_case):
        flash(_("An invitation is on its way to %(email)s.", email=form.email.data), "ok")
        return redirect(url_for("staff_accounts.overview"), 303)
    page = render_template("web/staff/account_new.html", form=form, hints=role_hints())
    return page, form.status if form.errors else 200


@staff_accounts.get("/<account_id>")
@requires(Permission.MANAGE_ACCOUNTS)
def show(account_id: str) -> Page:
    """One account, and what can be done with it."""
    account = get_account(g.clinic_id, account_id, now=clock.now())
    return _account_page(account, _roles_form(account))


@staff_accounts.post("/<account_id>/roles")
@requires(Permission.MANAGE_ACCOUNTS)
def set_roles(account_id: str) -> Page:
    """Change somebody's roles."""
    account = get_account(g.clinic_id, account_id, now=clock.now())
    form = _roles_form(account)
    if _done(form, lambda: service.set_roles(account_id, **form.chosen(), **_by())):
        flash(_("Saved. It holds from their next click on."), "ok")
        return _back(account_id)
    return _account_page(account, form)


@staff_accounts.post("/<account_id>/link")
@requires(Permission.MANAGE_ACCOUNTS)
def send_link(account_id: str) -> Response:
    """Mail somebody a link to set their password."""
    notice = _("A link to set a password is on its way.")
    return _act(account_id, service.send_password_link, notice)


@staff_accounts.post("/<account_id>/end-sessions")
@requires(Permission.MANAGE_ACCOUNTS)
def end_sessions(account_id: str) -> Response:
    """Sign somebody out everywhere."""
    return _act(account_id, service.end_account_sessions, _("They are signed out everywhere."))


@staff_accounts.post("/<account_id>/disable")
@requires(Permission.MANAGE_ACCOUNTS)
def disable(account_id: str) -> Response:
    """Close an account; it is kept, since the record says who did what."""
    notice = _("The account is disabled. Its sessions and calendar addresses have ended.")
    return _act(account_id, service.deactivate_account, notice)


@staff_accounts.post("/<account_id>/enable")
@requires(Permission.MANAGE_ACCOUNTS)
def enable(account_id: str) -> Response:
    """Open a closed account again."""
    notice = _("The account is enabled. Its calendar addresses have to be made anew.")
    return _act(account_id, service.reactivate_account, notice)


def _by() -> dict[str, Any]:
    return {"actor": current_actor(), "now": clock.now()}


def _done(form: RolesForm, use_case: Callable[[], object]) -> bool:
    """Whether the form was sent and accepted; else its fields say why not."""
    if not form.validate_on_submit():
        return False
    try:
        use_case()
    except (InvalidInput, Conflict) as refused:
        form.show_refusal(refused)
        return False
    return True


def _act(account_id: str, use_case: Callable[..., None], notice: str) -> Response:
    """Do one thing with an account; a refusal is said on its page."""
    try:
        use_case(account_id, **_by())
    except Conflict as refused:
        flash(_(refused.message), "danger")
    else:
        flash(notice, "ok")
    return _back(account_id)


def _back(account_id: str) -> Response:
    """To the account's page, or out: whoever ends their own account sees no page of it."""
    return redirect(url_for("staff_accounts.show", account_id=account_id), 303)


def _roles_form(account: StaffAccount) -> RolesForm:
    given = {"roles": account.roles, "therapist": account.therapist_id or ""}
    return RolesForm(therapists=therapist_names(g.clinic_id), data=given)


def _account_page(account: StaffAccount, form: RolesForm) -> Page:
    now = clock.now()
    page = render_template(
        "web/staff/account.html",
        account=account,
        form=form,
        hints=role_hints(),
        sessions=list_sessions(account.id, now=now),
        link_until=open_link_until(account.id, now=now),
        is_own=account.id == current_actor().account_id,
        zone=g.clinic.time_zone,
    )
    return page, form.status if form.errors else 200
