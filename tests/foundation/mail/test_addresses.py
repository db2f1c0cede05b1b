"""One rule for every address in the product: what mail cannot be written to is not taken."""

import pytest

from clinic.foundation.mail.addresses import is_mail_address


@pytest.mark.parametrize(
    "address",
    ["a@example.org", "o'neil+x@example.org", "ü@exämple.org", " a@example.org ", "a@b.test"],
)
def test_addresses_that_can_be_written_to(address):
    assert is_mail_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "a..b@example.org",
        ".a@example.org",
        "a:b@example.org",
        "a(b)@example.org",
        "a[b@example.org",
        "a@[127.0.0.1]",
        "a@-b.org",
        "a@b_c.org",
        "a@b..c",
        '"a b"@example.org',
        "Ana <a@example.org>",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a\x00@example.org",
        "a\ud800@example.org",
        "a@" + "b" * 64 + ".org",
        "a" * 250 + "@example.org",
    ],
)
def test_addresses_that_cannot(address):
    assert not is_mail_address(address)
