from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from clinic.scheduling_services.rules.signatures import (
    SignatureRefused,
    new_outgoing_secret,
    sign_outgoing,
    verify_calcom,
    verify_calendly,
    verify_outgoing,
)

BODY = '{"triggerEvent":"PING","note":"não"}'.encode()
NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
SECRET = new_outgoing_secret(bytes(range(24)))


def hexdigest(key, message=BODY):
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def calendly(key="key", at=NOW, body=BODY):
    stamp = int(at.timestamp())
    return f"t={stamp},v1={hexdigest(key, str(stamp).encode() + b'.' + body)}"


def test_calcom_signature_under_any_live_secret_is_taken():
    for key in ("old", "new"):
        verify_calcom(BODY, header=hexdigest(key), secrets=["new", "old"])


def test_calcom_signature_is_the_published_algorithm():
    known = "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a"
    verify_calcom(b"hello world", header=known, secrets=["secret"])


GOOD = hexdigest("new")


@pytest.mark.parametrize(
    "header",
    [
        None, "", " ", "no-secret-provided", GOOD.upper(), GOOD[:-1], GOOD + "0", GOOD + "\n", " " + GOOD,
        "sha256=" + GOOD, "g" * 64, "é" * 64, "٠" * 64, "\ud800" * 64, "\x00" * 64, hexdigest("other"),
        hexdigest("new", BODY + b"\n"), hexdigest("new", BODY.replace(b":", b": ")), hexdigest(""),
        hexdigest("no-secret-provided"), GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), f"{GOOD},{GOOD}", "0x" + GOOD[2:],
    ],
)  # fmt: skip
def test_forged_calcom_signatures_are_refused_with_one_text(header):
    with pytest.raises(SignatureRefused) as refused:
        verify_calcom(BODY, header=header, secrets=["new", "old", "", "no-secret-provided"])
    said = refused.value
    assert (said.status, said.code, str(said)) == (
        401,
        "webhook-refused",
        "This delivery is not signed with a key we know.",
    )


def test_without_a_secret_nothing_is_taken():
    for secrets in ([], [""], ["no-secret-provided"]):
        for key in ("", "no-secret-provided"):
            with pytest.raises(SignatureRefused):
                verify_calcom(BODY, header=hexdigest(key), secrets=secrets)


def test_calendly_signature_is_taken_within_three_minutes_each_way():
    for seconds in (-180, -1, 0, 1, 180):
        header = calendly(at=NOW + timedelta(seconds=seconds))
        verify_calendly(BODY, header=header, keys=["other", "key"], now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        None, "", "t=1,v1=", calendly(at=NOW - timedelta(seconds=181)), calendly(at=NOW + timedelta(seconds=181)),
        calendly(key="forged"), calendly(body=BODY + b" "), calendly().upper(), calendly() + ",v1=0", calendly() + "\n",
        calendly().replace("t=", "t= "), calendly().replace("t=", "t=+"), calendly().split(",")[1], calendly().split(",")[0],
        "t=" + "9" * 400 + ",v1=" + "0" * 64, "t=٠,v1=" + "0" * 64, "v1=" + hexdigest("key"), calendly(key=""),
    ],
)  # fmt: skip
def test_forged_or_stale_calendly_signatures_are_refused(header):
    with pytest.raises(SignatureRefused):
        verify_calendly(BODY, header=header, keys=["key", ""], now=NOW)


def test_outgoing_headers_follow_standard_webhooks():
    headers = sign_outgoing(BODY, secret=SECRET, message_id="msg_1", now=NOW)
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    stamp = str(int(NOW.timestamp()))
    right = hmac.new(key, f"msg_1.{stamp}.".encode() + BODY, hashlib.sha256).digest()
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(right).decode(),
    }


def test_published_standard_webhooks_example_verifies():
    # The worked example of the Standard Webhooks reference libraries.
    verify_outgoing(
        b'{"test": 2432232314}',
        headers={
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )


def test_outgoing_signature_is_found_among_several_during_rotation():
    other = new_outgoing_secret(bytes(24))
    headers = sign_outgoing(BODY, secret=SECRET, message_id="msg_1", now=NOW)
    headers["webhook-signature"] = "v1a,x v1,AAAA " + headers["webhook-signature"]
    verify_outgoing(BODY, headers=headers, secrets=[other, SECRET], now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"}, {"webhook-id": ""}, {"webhook-timestamp": "1"}, {"webhook-timestamp": "x"},
        {"webhook-signature": ""}, {"webhook-signature": "v1,é"}, {"webhook-signature": "v2,AAAA"},
    ],
)  # fmt: skip
def test_changed_outgoing_deliveries_are_refused(change):
    headers = sign_outgoing(BODY, secret=SECRET, message_id="msg_1", now=NOW) | change
    with pytest.raises(SignatureRefused):
        verify_outgoing(BODY, headers=headers, secrets=[SECRET], now=NOW)


def test_unusable_secrets_are_a_mistake_of_ours():
    for secret in ("", "plain", "whsec_", "whsec_not base64"):
        with pytest.raises(ValueError):
            sign_outgoing(BODY, secret=secret, message_id="msg_1", now=NOW)
    with pytest.raises(ValueError):
        new_outgoing_secret(b"short")
