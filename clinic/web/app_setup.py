"""Register what surrounds every page: request context, headers, errors, the API, navigation."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from clinic.accounts.passwords.mail_kinds import ACCOUNT_MAIL
from clinic.extensions import csrf, limiter
from clinic.foundation.audit_anchors import ANCHORED
from clinic.foundation.outbox import MAIL_LANE, register_handler
from clinic.web.api.views import init_api
from clinic.web.shell.audit_anchor_delivery import send_anchor, write_anchor
from clinic.web.shell.deliveries import deliveries
from clinic.web.shell.errors import init_errors
from clinic.web.shell.headers import init_headers
from clinic.web.shell.navigation import init_navigation
from clinic.web.shell.probes import ProbesByAddress
from clinic.web.shell.request_context import evaluate_filters_at_rendering, init_request_context
from clinic.web.shell.session_cookie import EncryptedSessionInterface
from clinic.web.shell.views import web
from clinic.web.staff.account_mails import send_account_mail
from clinic.web.staff.account_views import staff_accounts


def init_app(app: Flask) -> None:
    """Bind what runs before any other step of a request; call it before the other packages.

    The steps run in the order of their registration: the clinic, the form's token (its refusal is
    a page of the clinic), and after them the accounts package's.
    """
    _answer_as_behind_a_proxy(app)
    app.session_interface = EncryptedSessionInterface()
    init_request_context(app)
    csrf.init_app(app)
    limiter.init_app(app)


def finish_app(app: Flask) -> None:
    """Bind what needs every other package to be there already."""
    init_headers(app)
    init_errors(app)
    for blueprint in (web, deliveries, staff_accounts):
        app.register_blueprint(blueprint)
    init_api(app)
    init_navigation(app)
    evaluate_filters_at_rendering(app)
    register_handler(app, ACCOUNT_MAIL, "mail", send_account_mail, lane=MAIL_LANE)
    register_handler(app, ANCHORED, "file", write_anchor, lane=MAIL_LANE)
    register_handler(app, ANCHORED, "outside", send_anchor, lane=MAIL_LANE)


def _answer_as_behind_a_proxy(app: Flask) -> None:
    settings = app.extensions["settings"]
    if settings.production:
        host = str(urlsplit(settings.base_url).hostname)
        app.config["TRUSTED_HOSTS"] = [host]
        app.wsgi_app = ProbesByAddress(app.wsgi_app, host=host)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
