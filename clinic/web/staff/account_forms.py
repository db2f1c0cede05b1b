"""The forms with which an administrator invites staff and says what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, RadioField, SelectField, SelectMultipleField

from clinic.accounts.administration.role_labels import role_labels
from clinic.foundation.errors import ClinicError, Conflict, InvalidInput
from clinic.foundation.permissions.actors import Role
from clinic.foundation.texts.posted_texts import CheckedForm
from clinic.practice.form_fields import line
from clinic.web.shell.request_context import LANGUAGE_NAMES


class RolesForm(CheckedForm):
    """What somebody is here, and whose diary is theirs."""

    roles = SelectMultipleField(_l("Roles"), choices={})
    therapist = SelectField(_l("Their therapist profile"), choices={})
    status = 422

    def __init__(self, *, therapists: Mapping[str, str], **given: Any) -> None:
        super().__init__(**given)
        self.roles.choices = {role.value: name for role, name in role_labels().items()}
        self.therapist.choices = {"": _("None: they see no clients here")} | dict(therapists)

    def chosen(self) -> dict[str, Any]:
        """The roles and the profile, as the services take them."""
        return {
            "roles": [Role(name) for name in self.roles.data or []],
            "therapist_id": self.therapist.data or None,
        }

    def show_refusal(self, refused: ClinicError) -> None:
        """Show a refusal of the service at its field, else above the form."""
        self.status = refused.status
        if isinstance(refused, InvalidInput):
            for name, sentences in refused.errors.items():
                self[name].errors = [_(sentence) for sentence in sentences]
        elif isinstance(refused, Conflict) and "email" in self:
            self.email.errors = [_(refused.message)]
        else:
            self.form_errors.append(_(refused.message))


class InviteForm(RolesForm):
    """A new member of staff."""

    name = line(_l("Name"), needed=True)
    email = line(_l("E-mail"), needed=True, kind=EmailField)
    language = RadioField(_l("Language of their pages and mails"), choices=LANGUAGE_NAMES)
