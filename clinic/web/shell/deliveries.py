"""What has been promised and not yet delivered: mail that waits, and mail that needs somebody."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from clinic.accounts.browser.route_guard import requires
from clinic.foundation import outbox
from clinic.foundation.clock import clock
from clinic.foundation.permissions.permission_names import Permission

LATE = timedelta(minutes=10)
"""What was due so long ago and never tried says that no worker runs."""

deliveries = Blueprint("deliveries", __name__, url_prefix="/desk/deliveries")


@deliveries.get("")
@requires(Permission.SEE_DELIVERIES)
def overview() -> str:
    """How the outbox stands; kinds, times and counts only."""
    now = clock.now()
    backlog = outbox.backlog(now=now)
    oldest = backlog.oldest_due_at
    return render_template(
        "web/shell/deliveries.html",
        backlog=backlog,
        is_late=oldest is not None and now - oldest > LATE,
        messages=outbox.undelivered(),
        kind_names=kind_names(),
        reason_names=reason_names(),
        zone=g.clinic.time_zone,
    )


@deliveries.post("/<int:message_id>/again")
@requires(Permission.REDELIVER)
def again(message_id: int) -> Response:
    """Try a message again, before the others."""
    outbox.redeliver(message_id, now=clock.now())
    flash(_("It is in front of the queue and will be tried within a minute."), "ok")
    return redirect(url_for("deliveries.overview"), 303)


def kind_names() -> dict[str, str]:
    """What the kinds of messages are called here."""
    return {
        "appointment.mail": _("A message about an appointment"),
        "appointment.changed": _("News of a change, for other calendars"),
        "appointment.expire_request": _("Giving back the time of an unanswered request"),
        "service_delivery.apply": _("Something a scheduling service told us"),
        "service_chain.settle": _("A move at a scheduling service that we wait for"),
        "service.reconcile": _("Comparing with a scheduling service"),
        "webhook.send": _("News of a change, for another system"),
        "calendar.refresh": _("Reading a calendar from elsewhere"),
        "account.mail": _("A message about an account"),
        "account.reset_asked": _("A forgotten password"),
        "account.cut_off": _("Ending somebody's calendar addresses"),
        "audit.anchored": _("The daily anchor of the audit log"),
    }


def reason_names() -> dict[str, str]:
    """What the usual failures mean; others are shown by their technical name."""
    return {
        "MailFailed": _("The mail server does not answer."),
        "MailRefused": _("The mail server refused this message."),
        "GiveUp": _("Trying again cannot help: what it was about is no longer there."),
    }
