"""What a visitor may say before times are shown; all of it optional."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from clinic.foundation.texts.posted_texts import CheckedForm


class NeedsForm(CheckedForm):
    """Step 1."""

    session_type = RadioField(_l("What would you like to book?"), [Optional()])
    needs = SelectMultipleField(
        _l("What is it about?"), [Length(max=3, message=_l("Please choose up to three."))]
    )
    couple = RadioField(
        _l("Who is coming?"),
        [Optional()],
        choices=[SelectChoice("two", _l("The two of us")), SelectChoice("one", _l("Only me"))],
    )
    language = RadioField(
        _l("In which language?"),
        [Optional()],
        choices=[
            SelectChoice("en", "English"),
            SelectChoice("pt", "Português"),
            SelectChoice("any", _l("Either is fine")),
        ],
    )
    format = RadioField(
        _l("Where?"),
        [Optional()],
        choices=[
            SelectChoice("online", _l("Online, by video")),
            SelectChoice("in_person", _l("At the clinic")),
            SelectChoice("any", _l("Either is fine")),
        ],
    )
