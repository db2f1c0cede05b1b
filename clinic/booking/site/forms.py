"""What the booking pages take in."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from clinic.booking.rules.contact_details import BookingRequest, EnteredPartner
from clinic.foundation.errors import InvalidInput
from clinic.foundation.texts.posted_texts import CheckedForm, UnkeepableTexts

FIELD_OF = {
    "partner.name": "name",
    "partner.email": "email",
    "partner.language": "language",
    "partner.time_zone": "time_zone",
    "other_partner.name": "other_name",
    "other_partner.email": "other_email",
    "message": "message",
    "privacy_accepted": "privacy_accepted",
    "format": "format",
}


class DetailsForm(CheckedForm):
    """Who comes. `booking/rules/contact_details.py` decides what the fields may hold."""

    name = StringField(_l("Your name"), [InputRequired()])
    email = StringField(_l("Your e-mail address"), [InputRequired()])
    language = SelectField(
        _l("Language"),
        [InputRequired()],
        choices=[SelectChoice("en", "English"), SelectChoice("pt", "Português")],
    )
    other_name = StringField(_l("Their name"))
    other_email = StringField(_l("Their e-mail address"))
    message = TextAreaField(_l("A message"))
    privacy_accepted = BooleanField(
        _l("You may keep these details to arrange the appointment."), [InputRequired()]
    )
    format = SelectField(
        _l("Where"),
        choices=[
            SelectChoice("online", _l("Online, by video")),
            SelectChoice("in_person", _l("At the clinic")),
        ],
        validate_choice=False,
    )
    hold = HiddenField()
    time_zone = HiddenField()
    key = HiddenField()

    def to_request(
        self, *, therapist: str, session_type: str, start: datetime, concerns: tuple[str, ...]
    ) -> BookingRequest:
        """The typed request; nothing is decided yet."""
        zone, language = self.time_zone.data or "", self.language.data or ""
        other_name, other_email = self.other_name.data or "", self.other_email.data or ""
        other = None
        if other_name.strip() or other_email.strip():
            other = EnteredPartner(
                name=other_name, email=other_email, time_zone=zone, language=language
            )
        return BookingRequest(
            therapist=therapist,
            session_type=session_type,
            start=start,
            format=self.format.data or "",
            partner=EnteredPartner(
                name=self.name.data or "",
                email=self.email.data or "",
                time_zone=zone,
                language=language,
            ),
            other_partner=other,
            concerns=concerns,
            message=self.message.data or "",
            privacy_accepted=bool(self.privacy_accepted.data),
            hold_token=self.hold.data or None,
            idempotency_key=self.key.data or None,
        )

    def show(self, refused: InvalidInput) -> None:
        """Show each sentence at its field; what has no field goes to the top of the form."""
        is_said = isinstance(refused, UnkeepableTexts)  # by the form itself, when it was made
        for path, said in refused.errors.items():
            if is_said and path in self:
                continue
            target = FIELD_OF.get(path)
            sentences = [_(one) for one in said]
            if target is None:
                self.form_errors.extend(sentences)
            else:
                field = self[target]
                field.errors = [*field.errors, *sentences]


class CancelForm(CheckedForm):
    """Cancelling asks nothing that must be answered."""

    reason = TextAreaField(_l("Would you like to say why?"))
