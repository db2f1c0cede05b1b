"""Sign in, sign out, passwords forgotten and set by a link, and one's own account."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import views as library
from werkzeug.wrappers import Response as AnyResponse

from clinic.accounts.administration.own_password import change_own_password
from clinic.accounts.administration.queries import list_sessions
from clinic.accounts.browser.browser_sessions import current_session
from clinic.accounts.browser.device_cookie import set_device_cookie, token_in_cookie
from clinic.accounts.browser.route_guard import current_actor, public, requires
from clinic.accounts.pages.forms import (
    ChangePasswordForm,
    ForgottenForm,
    PasswordForm,
    SetPasswordForm,
    SignInForm,
)
from clinic.accounts.passwords.links import LinkInvalid, open_link, set_password_by_link
from clinic.accounts.passwords.new_passwords import WeakPassword
from clinic.accounts.passwords.reset_requests import request_reset_link
from clinic.accounts.rules.password_link_rules import LinkPurpose
from clinic.accounts.rules.safe_redirects import local_path
from clinic.accounts.sign_in.known_devices import remember_device
from clinic.accounts.sign_in.sessions import end_other_sessions, end_own_session
from clinic.extensions import limiter
from clinic.foundation.clock import clock
from clinic.foundation.errors import InvalidInput, TooManyRequests
from clinic.foundation.permissions.permission_names import Permission

accounts = Blueprint("accounts", __name__)
AFTER_SIGN_IN = "/desk"


@public
def sign_in() -> AnyResponse:
    """Flask-Security's sign-in, for forms only; where it leads afterwards is decided here."""
    if request.is_json:
        abort(415)
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")) or AFTER_SIGN_IN)
    response = make_response(library.login())
    if current_user.is_authenticated:
        return redirect(local_path(request.form.get("next")) or AFTER_SIGN_IN)
    return response


@public
def sign_out() -> AnyResponse:
    """End this session (signals of Flask-Login end the row), then the front page."""
    if request.is_json:
        abort(415)
    library.logout()
    return redirect("/")


def render_sign_in(_template: str, *, login_user_form: SignInForm, **_more: object) -> Response:
    """The sign-in page, with the status that its form asks for."""
    form = login_user_form
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        form_url=url_for("security.login"),
        forgot_url=url_for("accounts.forgotten"),
    )
    return _page(page, form)


@accounts.route("/login/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> AnyResponse:
    """Ask for a link to set a new password; the answer is the same for every address."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return _page(render_template("accounts/forgotten.html", form=form), form)
    address = request.remote_addr
    try:
        request_reset_link(form.email.data, address=address, clinic_id=g.clinic_id, now=clock.now())
    except TooManyRequests as refused:
        form.show_refusal(refused)
        return _page(render_template("accounts/forgotten.html", form=form), form)
    return make_response(render_template("accounts/forgotten_sent.html"))


@accounts.route("/password/<token>", methods=["GET", "POST"])
@public
@limiter.limit("30/minute")
def set_password(token: str) -> AnyResponse:
    """The page behind a mailed link: looking changes nothing, sending sets the password, once."""
    form = SetPasswordForm()
    try:
        link, account = open_link(token, clinic_id=g.clinic_id, now=clock.now())
        is_first = link.purpose == LinkPurpose.INVITE
        if form.validate_on_submit():
            set_password_by_link(
                token, password=form.new.data or "", clinic_id=g.clinic_id, now=clock.now()
            )
            set_device_cookie(remember_device(account, token=token_in_cookie(), now=clock.now()))
            flash(_("Your password is set. You can sign in with it now."), "ok")
            return redirect(url_for("security.login"))
    except LinkInvalid:
        return make_response(render_template("accounts/link_gone.html"), 404)
    except WeakPassword as refused:
        form.show_refusal(refused)
    page = render_template("accounts/set_password.html", form=form, is_first=is_first)
    return _page(page, form)


@accounts.get("/desk/account")
@requires(Permission.OWN_ACCOUNT)
def own_account() -> Response:
    """One's own sessions, and a new password."""
    return _account_page(ChangePasswordForm())


@accounts.post("/desk/account/password")
@requires(Permission.OWN_ACCOUNT)
def change_password() -> AnyResponse:
    """Change the password."""
    form = ChangePasswordForm()
    if not form.validate():
        return _account_page(form)
    try:
        change_own_password(
            present=form.present.data or "",
            new=form.new.data or "",
            address=request.remote_addr,
            device=token_in_cookie(),
            session_id=current_session().id,
            actor=current_actor(),
            now=clock.now(),
        )
    except (InvalidInput, TooManyRequests) as refused:
        form.show_refusal(refused)
        return _account_page(form)
    said = _(
        "Your password is changed. You are signed out everywhere else, and your calendar "
        "addresses have ended."
    )
    flash(said, "ok")
    return redirect(url_for("accounts.own_account"))


@accounts.post("/desk/account/sessions/<session_id>/end")
@requires(Permission.OWN_ACCOUNT)
def end_session(session_id: str) -> AnyResponse:
    """Sign another of one's browsers out."""
    end_own_session(session_id, actor=current_actor(), now=clock.now())
    flash(_("That browser is signed out."), "ok")
    return redirect(url_for("accounts.own_account"))


@accounts.post("/desk/account/sessions/end-others")
@requires(Permission.OWN_ACCOUNT)
def end_others() -> AnyResponse:
    """Sign all of one's other browsers out."""
    here = current_session().id
    end_other_sessions(except_session_id=here, actor=current_actor(), now=clock.now())
    flash(_("You are signed out everywhere but here."), "ok")
    return redirect(url_for("accounts.own_account"))


def _account_page(form: ChangePasswordForm) -> Response:
    page = render_template(
        "accounts/account.html",
        form=form,
        account=current_user,
        sessions=list_sessions(current_user.id, now=clock.now()),
        here=current_session().id,
        time_zone=g.clinic.time_zone,
    )
    return _page(page, form)


def _page(page: str, form: SignInForm | PasswordForm) -> Response:
    response = make_response(page, form.status if form.errors else 200)
    if form.retry_after is not None:
        response.headers["Retry-After"] = str(form.retry_after)
    return response
