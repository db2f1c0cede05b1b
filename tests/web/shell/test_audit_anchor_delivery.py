"""Where the audit log's anchors go beside the file: the place that AUDIT_ANCHOR_TO names."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from clinic.foundation.audit_anchors import sign_anchor
from clinic.foundation.database.transactions import session
from clinic.web.shell.audit_anchor_delivery import AnchorRefused, send_anchor
from tests.support.factories import NOW, make_clinic
from tests.support.http_listener import listening


@pytest.fixture
def anchor(context):
    make_clinic()
    return sign_anchor(session(), now=NOW)


def deliver(context, anchor, *, to):
    context.extensions["settings"] = replace(context.extensions["settings"], audit_anchor_to=to)
    send_anchor(asdict(anchor), NOW)


def test_web_address_is_sent_the_line_as_json(context, anchor):
    with listening() as listener:
        deliver(context, anchor, to=listener.url)

    [(headers, body)] = listener.heard
    assert (headers["Content-Type"], body) == ("application/json", anchor.line.encode())


def test_web_address_that_does_not_take_it_is_tried_again(context, anchor):
    with listening() as listener, pytest.raises(AnchorRefused):
        listener.status = 500
        deliver(context, anchor, to=listener.url)


@pytest.mark.parametrize(
    ("to", "written_to"),
    [
        (None, [b"clinic@example.org"]),
        ("audit@elsewhere.org", [b"audit@elsewhere.org"]),
        ("off", []),
    ],
)
def test_mail_goes_to_the_clinic_or_where_the_setting_says(
    context, anchor, tmp_path, to, written_to
):
    deliver(context, anchor, to=to)

    mails = [path.read_bytes() for path in (tmp_path / "mail").glob("*.eml")]
    headers = [line for mail in mails for line in mail.splitlines() if line.startswith(b"To: ")]
    assert headers == [b"To: " + one for one in written_to]
