"""What the pages about calendar addresses take in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired


class FeedForm(FlaskForm):
    """A name, so that the address can be told from others later."""

    name = StringField(
        _l("Where will you use it?"),
        [InputRequired(_l("Please name it, so that you can tell it from others later."))],
    )
