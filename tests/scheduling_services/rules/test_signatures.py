from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks.webhooks import EmptyWebhookSecretError

from clinic.scheduling_services.rules.signatures import (
    SignatureRefused,
    new_outgoing_secret,
    sign_outgoing,
    verify_calcom,
    verify_calendly,
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


@pytest.mark.parametrize(
    "at", [NOW, NOW.astimezone(ZoneInfo("Europe/Lisbon")), NOW.astimezone(ZoneInfo("Asia/Tokyo"))]
)
def test_outgoing_headers_are_those_of_the_fixed_message(at):
    headers = sign_outgoing(BODY, secret=SECRET, message_id="msg_1", now=at)

    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1796112000",
        "webhook-signature": "v1,S5O/+z6p58nSY0eZxFo3/kl7mei/MhjPNNR22kvN/JM=",
    }


def test_outgoing_headers_are_those_of_the_published_standard_webhooks_example():
    # The worked example of the Standard Webhooks reference libraries.
    headers = sign_outgoing(
        b'{"test": 2432232314}',
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        now=datetime.fromtimestamp(1614265330, UTC),
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_nothing_is_signed_with_an_empty_secret(secret):
    with pytest.raises(EmptyWebhookSecretError):
        sign_outgoing(BODY, secret=secret, message_id="msg_1", now=NOW)


def test_outgoing_secret_of_few_random_bytes_is_refused():
    with pytest.raises(ValueError, match="at least 24"):
        new_outgoing_secret(b"short")
