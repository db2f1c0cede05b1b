from __future__ import annotations

from clinic.accounts.pages.views import sign_in, sign_out


def test_no_route_of_the_library_exists_that_was_not_asked_for(context):
    rules = {
        (rule.rule, rule.endpoint)
        for rule in context.url_map.iter_rules()
        if rule.endpoint.startswith("security.")
    }
    assert rules == {("/login", "security.login"), ("/logout", "security.logout")}


def test_signing_in_and_out_are_views_of_our_own(app):
    assert (app.view_functions["security.login"], app.view_functions["security.logout"]) == (
        sign_in,
        sign_out,
    )


def test_passwords_are_argon2_and_nothing_is_remembered_by_the_library(app):
    names = ("PASSWORD_HASH", "PASSWORD_SCHEMES", "LOGOUT_METHODS", "FLASH_MESSAGES")

    assert [app.config[f"SECURITY_{name}"] for name in names] == [
        "argon2",
        ["argon2"],
        ["POST"],
        False,
    ]


def test_json_is_written_in_the_order_it_was_made(app):
    assert app.json.dumps({"b": 1, "a": 2}) == '{"b": 1, "a": 2}'
