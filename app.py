"""Make the application; what WSGI servers and the flask command load."""

from __future__ import annotations

from flask import Flask

import clinic.models  # noqa: F401 - completes the metadata
from clinic.accounts import app_setup as accounts
from clinic.booking import app_setup as booking
from clinic.calendars import app_setup as calendars
from clinic.command_output import refuse_in_one_line
from clinic.commands import app_setup as commands
from clinic.config import Settings, configure, read_settings
from clinic.foundation import app_setup as foundation
from clinic.foundation.errors import ClinicError
from clinic.matching import app_setup as matching
from clinic.notes import app_setup as notes
from clinic.operations.start_checks import refuse_made_up_clinic
from clinic.practice import app_setup as practice
from clinic.scheduling_services import app_setup as scheduling_services
from clinic.web import app_setup as web


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Without settings they are read from the environment."""
    try:
        return _create_app(settings or read_settings())
    except ClinicError as error:
        refuse_in_one_line(error)
        raise


def _create_app(settings: Settings) -> Flask:
    app = Flask(__name__, instance_path=str(settings.instance))
    configure(app, settings)
    foundation.init_app(app)
    web.init_app(app)  # the first steps of every request, before who is asking
    for package in (accounts, practice, booking, matching, notes, calendars, scheduling_services):
        package.init_app(app)
    web.finish_app(app)
    commands.init_app(app)
    refuse_made_up_clinic(app, settings)
    return app
