"""The house rules that no linter holds: each is a sentence of clinic/ARCHITECTURE.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from clinic.accounts.browser.route_guard import PUBLIC, declared
from clinic.foundation.permissions.permission_names import Permission
from tests.conftest import settings_for
from tests.support.source_code import (
    MODULES,
    ROOT,
    dotted,
    importers,
    imports,
    name_of,
    tree,
    users_of,
)

pytestmark = pytest.mark.one_database

TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())


# --- What only one place does ------------------------------------------------------------------


def test_only_the_settings_read_the_environment():
    assert users_of("os.environ", "os.getenv", "os.environb") == {"clinic/config.py"}
    taken = {
        name_of(path)
        for path in MODULES
        for module, names in imports(tree(path))
        if module == "os" and {"environ", "getenv"} & set(names)
    }
    assert taken == set()


def test_only_the_clock_reads_the_clock():
    clocks = (
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
        "func.now",
        "func.current_timestamp",
    )
    readers = users_of(*clocks)

    # `clock.now` is what everybody else asks.
    assert readers == {"clinic/foundation/clock.py"}


WITH_ZONES = {
    "clinic/foundation/wall_clock.py",
    "clinic/foundation/zone_offsets.py",
    "clinic/calendars/imported/reader/zones.py",  # zones that foreign files bring
    "clinic/calendars/feeds/writer/vtimezones.py",  # from the pinned database, never the system's
}


def test_only_the_wall_clock_does_zone_arithmetic():
    """Elsewhere nobody has a zone to compute with: instants are converted to UTC only."""
    assert importers("zoneinfo", "pytz", "dateutil.tz") == WITH_ZONES
    elsewhere = {
        (name_of(path), ast.unparse(call))
        for path in MODULES
        if name_of(path) not in WITH_ZONES | {"clinic/calendars/feeds/writer/feed.py"}
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and gives_a_zone(call)
    }

    assert elsewhere == set()


def gives_a_zone(call: ast.Call) -> bool:
    """Whether a call makes a date-time of another zone than UTC, or of the machine's own."""
    name = dotted(call.func) or getattr(call.func, "attr", "")
    given = [part.value for part in call.keywords if part.arg in {"tzinfo", "tz"}]
    if name.endswith("astimezone"):
        given += call.args or [ast.Constant("the machine's zone")]
    if name.endswith("fromtimestamp"):
        given += call.args[1:]
    return any(ast.unparse(one) not in {"UTC", "None"} for one in given)


def test_only_the_guarded_way_leads_out():
    libraries = (
        "requests",
        "urllib3",
        "socket",
        "http.client",
        "urllib.request",
        "httpx",
        "aiohttp",
    )
    allowed = {
        "clinic/operations/buffering_worker.py",  # closes connections that came in
        "clinic/foundation/outbound/allowed_addresses.py",
        "clinic/foundation/outbound/connection.py",
        "clinic/foundation/outbound_http.py",
        "clinic/operations/serve.py",  # asks whether its own port is free
    }

    assert importers(*libraries) == allowed


def test_only_mail_speaks_to_the_mail_server():
    assert importers("smtplib") == {"clinic/foundation/mail/transports.py"}


def test_only_one_function_hands_mail_over():
    using = {name_of(path) for path in MODULES if '"mail_transport"' in path.read_text()}

    assert using == {"clinic/foundation/app_setup.py", "clinic/foundation/mail/sending.py"}


def test_whoever_waits_has_ended_its_transaction_first():
    """The ways to wait for something else than the database, each with where that is done."""
    ends_it_itself = {
        "clinic/foundation/outbound_http.py",
        "clinic/foundation/mail/sending.py",
        "clinic/operations/worker.py",  # for the next piece of work
        "clinic/commands/serve.py",  # `flask worker`, whose own session does nothing more
        "clinic/command_output.py",  # for whoever reads what a command prints
        "clinic/calendars/imported/refresh.py",  # for the child process that reads a calendar
    }
    with_nothing_open = {
        "clinic/calendars/imported/reader_process.py",  # the child, and how it is started
        "clinic/operations/serve.py",  # after `prepare_database` has closed everything
        "clinic/operations/supervision.py",  # called by `serving.py` only, after that
    }

    ending = {
        name_of(path)
        for path in MODULES
        for _module, names in imports(tree(path))
        if "end_read_before_waiting" in names
    }
    assert ending == ends_it_itself
    assert users_of("time.sleep") | importers("subprocess") <= ends_it_itself | with_nothing_open


def test_commands_print_by_print_text_which_ends_their_reads():
    printing = {
        one.name
        for path in MODULES
        if name_of(path).startswith(("clinic/commands/", "clinic/command_output.py"))
        for one in ast.walk(tree(path))
        if isinstance(one, ast.FunctionDef)
        and any(
            isinstance(part, ast.Attribute) and dotted(part) == "click.echo"
            for part in ast.walk(one)
        )
    }

    # Where the database cannot be used there is nothing to end.
    assert printing == {"print_text", "one_line", "guarded"}


def test_only_services_commit_and_only_through_transaction():
    assert (
        users_of("commit", "begin_nested")
        - {
            "clinic/foundation/database/transactions.py",
        }
        == set()
    )


def test_nothing_is_unpickled_evaluated_or_run_through_a_shell():
    assert importers("pickle", "marshal", "shelve", "dill", "yaml") == set()
    called = {
        (name_of(path), node.func.id)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile", "__import__"}
    }
    assert called == set()
    shells = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.keyword) and node.arg == "shell"
    }
    assert shells == set()


def test_pages_are_imported_only_by_what_registers_them():
    taken = {
        (path.stem, module)
        for path in MODULES
        for module, _names in imports(tree(path))
        if module.startswith("clinic.") and module.endswith("views")
    }

    assert {(stem, module) for stem, module in taken if stem != "app_setup"} == {
        ("security", "clinic.accounts.pages.views"),  # into Flask-Security
        ("views", "clinic.web.api.booking_views"),
        ("views", "clinic.web.api.record_views"),
    }


def test_private_names_stay_in_their_module():
    taken = {
        (name_of(path), module, name)
        for path in MODULES
        for module, names in imports(tree(path))
        if module.startswith("clinic")
        for name in names
        if name.startswith("_")
    }

    assert taken == set()


# --- Templates ---------------------------------------------------------------------------------


def text_of(path: Path) -> str:
    """A template without its comments."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("what", "pattern"),
    {
        "safe": r"\|\s*safe\b",
        "autoescape": r"\bautoescape\b",
        "inline style": r"\sstyle\s*=",
        "style element": r"<style\b",
        "inline handler": r"\son[a-z]+\s*=\s*[\"']",
        "inline script": r"<script\b(?![^>]*\bsrc=)[^>]*>",
        "javascript address": r"javascript:",
        "another host": r"(src|href)\s*=\s*[\"'](https?:)?//",
    }.items(),
)
def test_template_holds_nothing_that_the_content_policy_or_escaping_forbids(what, pattern):
    found = {name_of(path) for path in TEMPLATES if re.search(pattern, text_of(path))}

    assert found == set(), what


def test_lines_of_templates_fit_a_screen():
    long = {
        f"{name_of(path)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 120
    }

    assert long == set()


def test_no_code_calls_text_safe():
    marked = {
        name_of(path)
        for path in MODULES
        for _module, names in imports(tree(path))
        if "Markup" in names
    }

    assert marked | users_of("markupsafe.Markup", "Markup") == set()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("house")
    return create_app(settings_for(folder, f"sqlite:///{folder / 'none.db'}"))


def test_every_template_can_be_read(house):
    names = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]

    # What an earlier run compiled would not notice that a filter is gone.
    fresh = house.jinja_env.overlay(bytecode_cache=None)

    assert names
    assert all(fresh.get_template(name) for name in names)


def test_every_template_is_used(house):
    del house
    sources = [path.read_text(encoding="utf-8") for path in [*MODULES, *TEMPLATES]]
    unused = {
        name
        for path in TEMPLATES
        if not any(
            (name := path.relative_to(ROOT / "templates").as_posix()) in source
            for source in sources
        )
    }

    # Names that are put together when they are used.
    composed = {"email/partner.txt", "email/therapist.txt"} | {
        f"scheduling_services/{page}.html"
        for page in ("connection", "delivery", "overview", "subscriber")
    }
    assert unused - composed == set()


# --- Routes ------------------------------------------------------------------------------------


def test_every_route_says_who_may_use_it(house):
    with house.app_context():
        silent = {
            rule.rule
            for rule in house.url_map.iter_rules()
            if rule.endpoint != "static" and declared(rule.endpoint) is None
        }

    assert silent == set()


def test_every_permission_a_route_asks_for_is_one_of_the_policy(house):
    with house.app_context():
        asked = {declared(rule.endpoint) for rule in house.url_map.iter_rules()} - {None}

    assert all(one == PUBLIC or one in set(Permission) for one in asked)


def test_nothing_is_changed_by_looking(house):
    """A route answers either to looking or to sending, or is a form that shows itself."""
    odd = {
        rule.rule
        for rule in house.url_map.iter_rules()
        if rule.methods - {"GET", "HEAD", "OPTIONS", "POST"}
    }

    assert odd == set()


def test_list_of_routes_is_the_documented_one(house, request):
    page = ROOT / "docs" / "routes.md"
    with house.app_context():
        written = routes_page(house)
    if request.config.getoption("--update-golden"):
        page.write_text(written, encoding="utf-8")

    assert page.read_text(encoding="utf-8") == written


def routes_page(house: Flask) -> str:
    rows = sorted(
        (rule.rule, ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"})), rule.endpoint)
        for rule in house.url_map.iter_rules()
    )
    lines = [
        "# Every address",
        "",
        "Held against the code by `tests/test_architecture.py`; written anew by",
        "`pytest tests/test_architecture.py --update-golden`. The right-hand column is the permission",
        "that is asked for before the page is; what each role may do is `POLICY` in",
        "`clinic/foundation/permissions/who_may_do_what.py`.",
        "",
        "| address | methods | for |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| `{rule}` | {methods} | {declared(endpoint) or 'public'} |"
        for rule, methods, endpoint in rows
    ]
    return "\n".join(lines) + "\n"
