"""Wires everything together; what WSGI servers and the flask command load."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import clinic.models  # noqa: F401 - completes the metadata
from clinic.cli import init_cli
from clinic.command_line import refuse_in_one_line
from clinic.config import Settings, read_settings
from clinic.extensions import csrf, db, limiter, migrate
from clinic.foundation.clock import clock
from clinic.foundation.database import give_back_session, prepare_engine
from clinic.foundation.encryption import KeyRing
from clinic.foundation.errors import ClinicError
from clinic.foundation.mail import transport_from
from clinic.private_files import keep_private
from clinic.request_buffer import MAX_REQUEST_BYTES
from clinic.start_checks import refuse_made_up_clinic
from clinic.web.probes import ProbesByAddress


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Without settings they are read from the environment."""
    try:
        return _create_app(settings or read_settings())
    except ClinicError as error:
        refuse_in_one_line(error)
        raise


def _create_app(settings: Settings) -> Flask:
    app = Flask(__name__, instance_path=str(settings.instance))
    app.extensions["settings"] = settings
    _configure(app, settings)
    _bind_database(app, settings)
    _bind_web(app, settings)
    _register_rooms(app)
    _register_desk(app)
    _register_handlers(app)
    init_cli(app)
    refuse_made_up_clinic(app, settings)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    keep_private(settings.instance, database=settings.sqlite_file)
    secure = settings.base_url.startswith("https://")
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST_BYTES,
        SESSION_COOKIE_NAME="__Host-clinic" if secure else "clinic",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=settings.ratelimit_storage_uri,
        RATELIMIT_HEADERS_ENABLED=True,
    )
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"hide_parameters": True}
    if not settings.on_sqlite:  # a server that does not answer is a 503 soon, not a page that hangs
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] |= {
            "pool_pre_ping": True,
            "connect_args": {"connect_timeout": 5},
        }
    # An address with a doubled slash is not there: neither a sender of news nor a calendar
    # program follows a redirect as people's browsers do.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.production:
        host = str(urlsplit(settings.base_url).hostname)
        app.config["TRUSTED_HOSTS"] = [host]
        app.wsgi_app = ProbesByAddress(app.wsgi_app, host=host)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    if settings.now is not None:
        clock.freeze(settings.now)


def _bind_database(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    app.teardown_appcontext(give_back_session)  # runs before the library's own
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations")
    app.extensions["key_ring"] = KeyRing.parse(settings.encryption_keys)
    app.extensions["mail_transport"] = transport_from(settings.smtp_url, settings.instance / "mail")
    with app.app_context():
        prepare_engine(db.engine)


def _bind_web(app: Flask, settings: Settings) -> None:
    del settings
    from clinic.accounts.guard import guard_request
    from clinic.accounts.security import init_accounts
    from clinic.foundation.posted_texts import replace_in_posted_texts
    from clinic.web.errors import init_errors
    from clinic.web.headers import init_headers
    from clinic.web.session_cookie import EncryptedSessionInterface
    from clinic.web.shell import init_shell

    app.session_interface = EncryptedSessionInterface()

    # Each of these adds a step before every request, and they run in this order: the clinic,
    # the form's token (its refusal is a page of the clinic), who is asking, whether they may.
    init_shell(app)
    csrf.init_app(app)
    limiter.init_app(app)
    init_accounts(app)
    app.before_request(guard_request)
    app.before_request(replace_in_posted_texts)  # who may not send the form is told only that
    init_headers(app)
    init_errors(app)


def _register_rooms(app: Flask) -> None:
    from clinic.accounts.views import accounts
    from clinic.booking.link_views import links
    from clinic.booking.views import booking
    from clinic.calendars.partner_views import partner_feeds
    from clinic.calendars.views import calendars
    from clinic.matching.views import matching
    from clinic.practice.views import practice
    from clinic.practice.vocabulary_views import vocabularies
    from clinic.scheduling_services.views import webhooks
    from clinic.web.api import init_api
    from clinic.web.views import web

    for room in (
        web,
        accounts,
        matching,
        booking,
        links,
        calendars,
        partner_feeds,
        practice,
        vocabularies,
        webhooks,
    ):
        app.register_blueprint(room)
    init_api(app)


def _register_desk(app: Flask) -> None:
    from clinic.booking.desk_appointment_views import desk_appointments
    from clinic.booking.desk_views import desk
    from clinic.calendars.desk_calendar_views import desk_calendars
    from clinic.calendars.desk_views import desk_feeds
    from clinic.notes.addenda_views import addenda
    from clinic.notes.cycle_views import cycle_pages
    from clinic.notes.emergency_views import emergency
    from clinic.notes.exercise_views import exercise_pages
    from clinic.notes.ledger_views import ledger_pages
    from clinic.notes.measure_views import measure_pages
    from clinic.notes.note_views import session_notes
    from clinic.notes.record_views import record
    from clinic.notes.restricted_views import restricted
    from clinic.notes.rupture_views import rupture_pages
    from clinic.notes.told_views import told_pages
    from clinic.practice.instrument_views import instruments
    from clinic.scheduling_services.desk_views import integrations
    from clinic.web.account_views import staff_accounts
    from clinic.web.deliveries import deliveries
    from clinic.web.desk_nav import init_desk_nav
    from clinic.web.shell import ask_filters_each_time

    for room in (desk, desk_appointments, desk_feeds, desk_calendars, deliveries, integrations):
        app.register_blueprint(room)
    for room in (record, session_notes, addenda, ledger_pages, rupture_pages, restricted):
        app.register_blueprint(room)
    for room in (emergency, told_pages, cycle_pages, exercise_pages, measure_pages):
        app.register_blueprint(room)
    for room in (instruments, staff_accounts):
        app.register_blueprint(room)
    init_desk_nav(app)
    ask_filters_each_time(app)


def _register_handlers(app: Flask) -> None:
    """Say which room answers which promised effect: kind -> name -> handler."""
    from clinic.accounts.cut_off import CUT_OFF
    from clinic.accounts.forgotten import RESET_ASKED, answer_question
    from clinic.accounts.notices import ACCOUNT_MAIL
    from clinic.booking.history import MAIL
    from clinic.booking.letters import send_appointment_mail
    from clinic.booking.outside_hours import booked_outside_hours
    from clinic.booking.requests import EXPIRE, expire_when_due
    from clinic.calendars.mail_parts import invitation_for
    from clinic.calendars.outside_calendars import REFRESH
    from clinic.calendars.outside_refresh import guard_for, refresh_when_due
    from clinic.calendars.service import end_known_feeds
    from clinic.foundation.audit_anchors import ANCHORED
    from clinic.notes.emergency import TOLD
    from clinic.notes.emergency_letters import tell_clinic, tell_therapist
    from clinic.notes.flag_letters import remind_therapist
    from clinic.notes.flag_reminders import FLAG_DUE
    from clinic.notes.signing import SEAL, seal_when_due
    from clinic.scheduling_services.handlers import HANDLERS as SCHEDULING
    from clinic.scheduling_services.handlers import LANES as SCHEDULING_LANES
    from clinic.web.account_letters import send_account_mail
    from clinic.web.audit_anchor_delivery import send_anchor, write_anchor

    app.extensions["appointment_invitation"] = invitation_for
    app.extensions["booked_outside_hours"] = booked_outside_hours
    app.extensions["outside_guard"] = guard_for(app.extensions["settings"].base_url)
    app.extensions["outbox"] = {
        MAIL: {"mail": send_appointment_mail},
        EXPIRE: {"expire": expire_when_due},
        REFRESH: {"read": refresh_when_due},
        SEAL: {"seal": seal_when_due},
        ACCOUNT_MAIL: {"mail": send_account_mail},
        RESET_ASKED: {"link": answer_question},
        CUT_OFF: {"feeds": end_known_feeds},
        TOLD: {"therapist": tell_therapist, "clinic": tell_clinic},
        FLAG_DUE: {"therapist": remind_therapist},
        ANCHORED: {"file": write_anchor, "outside": send_anchor},
    }
    # What waits for servers elsewhere waits beside the rest, never in front of it.
    app.extensions["outbox_lanes"] = {
        "letters": frozenset({MAIL, ACCOUNT_MAIL, TOLD, FLAG_DUE, ANCHORED}),
        "calendars": frozenset({REFRESH}),
        **SCHEDULING_LANES,
    }
    for kind, named in SCHEDULING.items():
        app.extensions["outbox"].setdefault(kind, {}).update(named)
