from __future__ import annotations

import pytest

from clinic.foundation.outbound.allowed_addresses import check_url, is_public
from clinic.foundation.outbound_http import Guard, OutboundRefused, fetch, send
from tests.support.outbound_internet import PUBLIC, REFUSAL, redirect

REFUSED = [
    "http://127.0.0.1",
    "https://127.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost.localdomain/",
    "https://app.localhost/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata/",
    "https://printer.local/",
    "https://[::1]/",
    "https://[::]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://0/",
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://0x7f000001/",
    "https://0x7F.0.0.1/",
    "https://0x7f.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.000.000.001/",
    "https://127.255.255.254/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://192.168.255.255/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xA9FEA9FE/",
    "https://0251.0376.0251.0376/",
    "https://169.254.43518/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[fd00:ec2::254]/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://192.0.0.192/",
    "https://192.0.0.8/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[febf::1]/",
    "https://[fec0::1]/",
    "https://[fc00::1]/",
    "https://[fdff::1]/",
    "https://[ff02::1]/",
    "https://[ff0e::1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b::808:808]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001::1]/",
    "https://[2001:db8::1]/",
    "https://[2001:10::1]/",
    "https://[3fff::1]/",
    "https://[5f00::1]/",
    "https://[100::1]/",
    "https://[::1",
    "https://[v1.x]/",
    "https://[]/",
    "https://calendar.example./",
    "https://localhost./",
    "https://127.0.0.1./",
    "https://user:pass@calendar.example/",
    "https://user@calendar.example/",
    "https://@calendar.example/",
    "https://:@calendar.example/",
    "https://calendar.example@127.0.0.1/",
    "https://127.0.0.1#@calendar.example/",
    "https://127.0.0.1\\@calendar.example/",
    "https://calendar.example\\.evil.example/",
    "https://127.0.0.1?@calendar.example/",
    "https://calendar.example%00.evil.example/",
    "https://127%2e0%2e0%2e1/",
    "https://１２７.0.0.1/",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://loca\u00adlhost/",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://[::①]/",
    "https://ｃalendar.example/",
    "https://calendar．example/",
    "https://calendar。example。/",
    "https://xn--a/",
    "https://xn--\u0663.example/",
    "https://" + "é" * 64 + ".example/",
    "https://calendar.example:22/",
    "https://calendar.example:25/",
    "https://calendar.example:80/",
    "https://calendar.example:5432/",
    "https://calendar.example:6379/",
    "https://calendar.example:8443/",
    "https://calendar.example:0/",
    "https://calendar.example:65536/",
    "https://calendar.example:99999999999999999999/",
    "https://calendar.example:-1/",
    "https://calendar.example:٤٤٣/",
    "https://calendar.example:x/",
    "http://calendar.example/",
    "http://calendar.example:443/",
    "webcal://127.0.0.1/feed.ics",
    "webcal://localhost/feed.ics",
    "webcal:feed.ics",
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "ftp://calendar.example/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/stats",
    "data:text/calendar,BEGIN:VCALENDAR",
    "jar:https://calendar.example/x.jar!/a.ics",
    "javascript:alert(1)",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "ldap://127.0.0.1/",
    "https:calendar.example/",
    "https:/calendar.example/",
    "https:///calendar.example/",
    "https://",
    "https://?",
    "https://:443/",
    "https://.example/",
    "https://a..example/",
    "https://*.example/",
    "//calendar.example/",
    "/feed.ics",
    "calendar.example/feed.ics",
    "",
    "   ",
    "https://calendar.example/a\r\nHost: 127.0.0.1",
    "https://calendar.example/a\nb",
    "https://calendar.example/\r",
    "https://calendar.example/\n",
    "\nhttps://calendar.example/",
    "https://calendar.example/a\tb",
    "https://calendar.example/\x00",
    "https://calendar.example/\x7f",
    "https://calendar.example/\u2028",
    "https://calendar.example/a b",
    "https://calendar\r\n.example/",
    "https://calendar.example/\ud800",
    "https://\ud800.example/",
    "https://calendar.example/" + "a" * 2_000,
    "https://calendar.example/" + "a" * 2_000_000,
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
]


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url[:60]))
def test_every_spelling_of_a_forbidden_address_is_refused_with_one_text(url, internet):
    internet.names["calendar.example"] = [[PUBLIC]]
    with pytest.raises(OutboundRefused) as refusal:
        fetch(url, network=internet.network(), total_seconds=60)
    assert (str(refusal.value), refusal.value.status, refusal.value.code) == (
        REFUSAL,
        422,
        "address-refused",
    )
    assert internet.connected == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "https://[::1]/", "https://localhost/", "https://169.254.169.254/"]
)
def test_fetch_with_nothing_but_an_address_refuses_too(url):
    with pytest.raises(OutboundRefused, match="public address"):
        fetch(url)
    with pytest.raises(OutboundRefused):
        send("POST", url, json={})


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("https://calendar.example", "https://calendar.example/"),
        (" https://Calendar.EXAMPLE:443/A ", "https://calendar.example:443/A"),
        ("webcal://calendar.example/f.ics", "https://calendar.example/f.ics"),
        ("WEBCALS://calendar.example/f.ics", "https://calendar.example/f.ics"),
        ("https://calendar.example/a?b=c#d", "https://calendar.example/a?b=c"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        (
            "https://calendar.example/user@example.org/f.ics",
            "https://calendar.example/user@example.org/f.ics",
        ),
    ],
)
def test_honest_addresses_pass_in_one_spelling(typed, sent):
    assert check_url(typed).url == sent


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("2003::1", True),
        ("fe80::1%eth0", False),
        ("2606:4700::1111%eth0", False),
        ("::ffff:8.8.8.8", False),
        ("not a number", False),
        ("", False),
    ],
)
def test_a_number_is_public_or_not(number, public):
    assert is_public(number) is public


@pytest.mark.parametrize(
    "host",
    ["metadata.google.internal", "printer.local", "app.localhost", "nas.home.arpa", "metadata"],
)
def test_a_local_name_is_refused_even_when_it_leads_outside(host, internet):
    internet.names[host] = [[PUBLIC]]
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch(f"https://{host}/", network=internet.network())
    assert internet.looked_up == []


def test_the_clinics_own_host_can_be_denied(internet):
    guard = Guard(denied_hosts=frozenset({"clinic.example"}))
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch("https://CLINIC.example/feeds/x.ics", guard=guard, network=internet.network())
    assert internet.looked_up == []


def test_the_allowance_is_for_one_host_and_port(serve, canary):
    server = serve(redirect(f"http://127.0.0.1:{canary.port}/"))
    guard = Guard(allowed_hosts=frozenset({("127.0.0.1", server.port)}))
    for url in (f"http://127.0.0.1:{canary.port}/", f"http://localhost:{server.port}/"):
        with pytest.raises(OutboundRefused, match=REFUSAL):
            fetch(url, guard=guard)
    with pytest.raises(OutboundRefused, match=REFUSAL):
        fetch(f"http://127.0.0.1:{server.port}/", guard=guard)


def test_a_configured_address_may_leave_the_port_to_its_scheme():
    assert Guard.for_urls(["https://api.cal.example/v2", "http://[::1]:8080"]) == Guard(
        frozenset({("api.cal.example", 443), ("::1", 8080)})
    )
