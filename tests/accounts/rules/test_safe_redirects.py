from __future__ import annotations

import pytest

from clinic.accounts.rules.safe_redirects import local_path


@pytest.mark.parametrize("target", ["/", "/desk", "/desk/week?from=2026-11-23&x=//y#a"])
def test_paths_of_this_site_are_kept(target):
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "desk",
        "//evil.example/desk",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/desk\r\nLocation: https://evil.example",
        "https://evil.example/desk",
        "https:evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "/\x00/evil.example",
        "//[::1",
        "/" + "a" * 3000,
    ],
)
def test_nothing_leads_elsewhere(target):
    assert local_path(target) is None
