"""What the tests of mailed links share: a worker's round, and the mail that came of it."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Flask

from clinic.extensions import db
from clinic.foundation import outbox
from tests.support.factories import NOW

LINK = re.compile(r"^ +http://localhost(/password/[A-Za-z0-9_-]+)$", re.MULTILINE)


def deliver(app: Flask, *, now=NOW) -> None:
    """Everything that is due."""
    with app.app_context():
        while outbox.deliver_due(now=now):
            pass
        db.session.remove()


def sent_mails(app: Flask, *, now=NOW) -> list[EmailMessage]:
    """Deliver what is due, and take out every mail that was written."""
    deliver(app, now=now)
    found = []
    for path in sorted(Path(app.instance_path, "mail").glob("*.eml")):
        found.append(message_from_bytes(path.read_bytes(), policy=policy.default))
        path.unlink()
    return found


def text_of(mail: EmailMessage) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def link_in(mail: EmailMessage) -> str:
    """The path of the one link to set a password."""
    (path,) = LINK.findall(text_of(mail))
    return path


def token_in(mail: EmailMessage) -> str:
    return link_in(mail).removeprefix("/password/")
