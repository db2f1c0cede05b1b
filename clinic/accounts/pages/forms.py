"""What people send about signing in, and how refusals are said."""

from __future__ import annotations

from typing import Any

from flask import g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security.forms import LoginForm
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length, ValidationError

from clinic.accounts.administration.own_password import WrongPassword
from clinic.accounts.browser.device_cookie import token_in_cookie
from clinic.accounts.passwords.new_passwords import WeakPassword
from clinic.accounts.rules.password_rules import LONGEST_PASSWORD, SHORTEST, PasswordFault
from clinic.accounts.rules.safe_redirects import local_path
from clinic.accounts.sign_in.credentials import CredentialsRefused, check_credentials
from clinic.foundation.clock import clock
from clinic.foundation.errors import ClinicError, NotFound, TooManyRequests
from clinic.foundation.mail.addresses import LONGEST_ADDRESS, is_mail_address
from clinic.foundation.texts.posted_texts import CheckedForm, answer_unkeepable_texts


class SignInForm(LoginForm):
    """E-mail and password; whom they open the door to is decided by `credentials`.

    The library's form gives the shape that its view and later second factors work with; its own
    check is not used because it neither counts tries nor answers alike for everybody.
    """

    email = EmailField(
        _l("E-mail"),
        validators=[
            InputRequired(_l("Please enter your e-mail address.")),
            Length(max=LONGEST_ADDRESS, message=_l("This is too long for an e-mail address.")),
        ],
    )
    password = PasswordField(
        _l("Password"), validators=[InputRequired(_l("Please enter your password."))]
    )
    next = HiddenField()
    remember = None
    submit = None
    status = 422
    retry_after: int | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = local_path(self.next.data) or ""

    def validate_next(self, field: HiddenField) -> None:
        """Nothing to refuse: what is not a path of this site was dropped above."""

    def validate(self, **kwargs: Any) -> bool:
        """Whether somebody may come in; `user` is who."""
        is_refused = answer_unkeepable_texts(self)
        if not FlaskForm.validate(self, **kwargs) or is_refused:
            return False
        if "clinic_id" not in g:
            raise NotFound
        try:
            self.user = check_credentials(
                self.email.data,
                password=self.password.data,
                address=request.remote_addr,
                device=token_in_cookie(),
                clinic_id=g.clinic_id,
                now=clock.now(),
            )
        except (CredentialsRefused, TooManyRequests) as refused:
            self._show_refusal(refused)
            return False
        return True

    def _show_refusal(self, refused: ClinicError) -> None:
        self.status = refused.status
        if isinstance(refused, TooManyRequests):
            self.retry_after = refused.retry_after
            self.form_errors.append(wait_label(refused.retry_after))
            self.form_errors.append(
                _("A browser you have signed in with before still works; so does a new password.")
            )
        else:
            self.form_errors.append(_("E-mail and password do not fit together."))


class PasswordForm(CheckedForm):
    """A form about a password, and how refusals of the service are said in it."""

    status = 422
    retry_after: int | None = None

    def show_refusal(self, refused: ClinicError) -> None:
        """Show a refusal of the service where it belongs."""
        self.status = refused.status
        if isinstance(refused, TooManyRequests):
            self.retry_after = refused.retry_after
            first = next(iter(self))
            first.errors = [wait_label(refused.retry_after)]
        elif isinstance(refused, WrongPassword):
            self.present.errors = [_("This is not your present password.")]
        elif isinstance(refused, WeakPassword):
            self.new.errors = [fault_text(refused.fault)]
        else:
            raise refused


class ChangePasswordForm(PasswordForm):
    """The present password and a new one."""

    present = PasswordField(
        _l("Present password"),
        validators=[InputRequired(_l("Please enter your present password."))],
    )
    new = PasswordField(
        _l("New password"), validators=[InputRequired(_l("Please enter a new password."))]
    )


class ForgottenForm(PasswordForm):
    """Whose password is forgotten."""

    email = EmailField(
        _l("E-mail"), validators=[InputRequired(_l("Please enter your e-mail address."))]
    )

    def validate_email(self, field: EmailField) -> None:
        """What is no address is nobody's: saying so tells nothing about anybody."""
        if not is_mail_address(field.data or ""):
            raise ValidationError(_("This does not look like an e-mail address."))


class SetPasswordForm(PasswordForm):
    """The password that the holder of a link chooses."""

    new = PasswordField(
        _l("New password"), validators=[InputRequired(_l("Please enter a new password."))]
    )


def wait_label(seconds: int) -> str:
    """How long to wait, in words."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        return _("There were too many tries. Please wait a minute and try again.")
    return _(
        "There were too many tries. Please wait %(minutes)s minutes and try again.", minutes=minutes
    )


def fault_text(fault: PasswordFault) -> str:
    """Why a password is not taken, and what would be."""
    return {
        PasswordFault.TOO_SHORT: _(
            "Please use at least %(length)s characters; a few unrelated words are good.",
            length=SHORTEST,
        ),
        PasswordFault.TOO_LONG: _(
            "Please use at most %(length)s characters.", length=LONGEST_PASSWORD
        ),
        PasswordFault.TOO_SIMPLE: _(
            "This repeats itself or is a simple run, so it is soon guessed. Please choose another."
        ),
        PasswordFault.EASILY_GUESSED: _(
            "This is made of words that are tried first, or of your own name. Please take another."
        ),
    }[fault]
