from __future__ import annotations

import pytest

from clinic.accounts.browser.route_guard import PUBLIC, UndeclaredRoute, declared, guard_request
from clinic.foundation.permissions.permission_names import Permission


def test_every_route_says_who_may_use_it(context):
    endpoints = {rule.endpoint for rule in context.url_map.iter_rules()} - {"static"}
    assert [name for name in sorted(endpoints) if declared(name) is None] == []


def test_a_route_that_says_nothing_is_refused(app):
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    with app.test_request_context("/forgotten"), pytest.raises(UndeclaredRoute):
        guard_request()


def test_the_account_pages_ask_for_staff(context):
    marks = {
        rule.endpoint: declared(rule.endpoint)
        for rule in context.url_map.iter_rules()
        if rule.endpoint.startswith(("accounts.", "security."))
    }
    assert marks == {
        "security.login": PUBLIC,
        "security.logout": PUBLIC,
        "accounts.forgotten": PUBLIC,
        "accounts.set_password": PUBLIC,
        "accounts.own_account": Permission.OWN_ACCOUNT,
        "accounts.change_password": Permission.OWN_ACCOUNT,
        "accounts.end_session": Permission.OWN_ACCOUNT,
        "accounts.end_others": Permission.OWN_ACCOUNT,
    }
