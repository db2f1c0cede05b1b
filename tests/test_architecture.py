"""The house rules that no linter holds: each is a sentence of clinic/ARCHITECTURE.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from clinic.accounts.guard import PUBLIC, declared
from clinic.foundation.permissions import Permission
from tests.conftest import settings_for

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parent.parent
CLINIC = ROOT / "clinic"
MODULES = sorted([ROOT / "app.py", *CLINIC.rglob("*.py")])
ROOMS = sorted(path.parent.name for path in CLINIC.glob("*/__init__.py"))
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
LONGEST_MODULE = 400

WITHOUT_A_TEST_OF_ITS_OWN = {
    "tables; what they hold is tested by the services and by tests/migrations": (
        "*/models.py",
        "*/*_models.py",
    ),
    "pages and forms; tested through the browser's requests of their room and of tests/browser": (
        "*/views.py",
        "*/*_views.py",
        "*/forms.py",
        "*/*_forms.py",
    ),
}
"""Patterns of modules that need no mirrored test file, by reason."""

TESTED_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "signing in: tests/accounts/test_sign_in.py, test_browser_sessions.py, test_service.py": (
        "accounts/datastore.py",
        "accounts/notices.py",
        "accounts/queries.py",
        "accounts/security.py",
        "accounts/sessions.py",
        "accounts/words.py",
    ),
    "booking: tests/booking/test_service.py, test_races.py, test_slots.py and the desk's pages": (
        "booking/desk_pages.py",
        "booking/draft.py",
        "booking/imports.py",
        "booking/readings.py",
        "booking/restrictions.py",
    ),
    "feeds and outside calendars: tests/calendars/test_feed*.py, test_outside*.py": (
        "calendars/outside_events.py",
        "calendars/outside_limits.py",
        "calendars/outside_rules.py",
        "calendars/outside_series.py",
        "calendars/outside_text.py",
        "calendars/outside_values.py",
        "calendars/outside_zones.py",
        "calendars/subscribe_links.py",
    ),
    "the way out: tests/foundation/test_outbound_http.py; dates: tests/web/test_shell.py": (
        "foundation/outbound_addresses.py",
        "foundation/outbound_connection.py",
        "foundation/reader_dates.py",
    ),
    "steps one and two of booking: tests/matching/test_rules.py, tests/browser": (
        "matching/inquiry.py",
        "matching/reasons.py",
    ),
    "notes and the ledger: tests/notes/test_ledger.py, test_who_sees_what.py, test_signing.py, "
    "test_ruptures.py, test_service.py, test_at_rest.py, test_record_import.py, test_demo_course.py, "
    "test_exercise_runs.py": (
        "notes/access.py",
        "notes/addenda.py",
        "notes/chart_shapes.py",
        "notes/clinical_rules.py",
        "notes/clinical_values.py",
        "notes/course.py",
        "notes/disclosures.py",
        "notes/drafts.py",
        "notes/emergency.py",
        "notes/emergency_letters.py",
        "notes/entries_in_error.py",
        "notes/event_log.py",
        "notes/flag_letters.py",
        "notes/flag_reminders.py",
        "notes/kept_once.py",
        "notes/ledger_facts.py",
        "notes/ledger_json.py",
        "notes/ledger_pictures.py",
        "notes/measures.py",
        "notes/note_content.py",
        "notes/notices.py",
        "notes/overview.py",
        "notes/plain_schema.py",
        "notes/process_notes.py",
        "notes/queries.py",
        "notes/reading.py",
        "notes/record_check.py",
        "notes/record_course.py",
        "notes/record_seals.py",
        "notes/record_export.py",
        "notes/record_shape.py",
        "notes/record_tables.py",
        "notes/record_versions.py",
        "notes/redaction.py",
        "notes/rupture_events.py",
        "notes/rupture_history.py",
        "notes/rupture_links.py",
        "notes/safety.py",
        "notes/sealed_rows.py",
        "notes/signed_facts.py",
        "notes/signed_ruptures.py",
        "notes/signed_note_page.py",
        "notes/told_between.py",
        "notes/stored_runs.py",
        "notes/unsigned.py",
    ),
    "the practice: tests/practice/test_views.py, test_queries.py, test_vocabulary*.py": (
        "practice/clinics.py",
        "practice/commands.py",
        "practice/desk_queries.py",
        "practice/form_fields.py",
        "practice/instrument_check.py",
        "practice/sentences.py",
        "practice/vocabulary_check.py",
        "practice/vocabulary_queries.py",
    ),
    "Cal.com and Calendly: tests/scheduling_services/test_reducer.py, test_*_events.py": (
        "scheduling_services/booking_row.py",
        "scheduling_services/carry_out.py",
        "scheduling_services/chain_rows.py",
        "scheduling_services/chain_state.py",
        "scheduling_services/chains.py",
        "scheduling_services/effects.py",
        "scheduling_services/events.py",
        "scheduling_services/fields.py",
        "scheduling_services/handlers.py",
        "scheduling_services/mapping.py",
        "scheduling_services/tasks.py",
    ),
    "changes going out: tests/scheduling_services/test_push.py, test_time_off.py, "
    "test_desk_views.py, tests/journeys/test_calcom.py": (
        "scheduling_services/calcom_bookings.py",
        "scheduling_services/calcom_client.py",
        "scheduling_services/connections.py",
        "scheduling_services/hours_there.py",
        "scheduling_services/overrides.py",
        "scheduling_services/push_plans.py",
        "scheduling_services/queries.py",
        "scheduling_services/reconcile.py",
        "scheduling_services/words.py",
    ),
    "the JSON API: tests/web/test_api*.py; the desk: tests/browser": (
        "web/api_callers.py",
        "web/api_document.py",
        "web/api_fields.py",
        "web/api_parser.py",
        "web/api_rendering.py",
        "web/desk_nav.py",
        "web/problem_schemas.py",
        "web/record_schemas.py",
        "web/schemas.py",
    ),
}
"""Modules without a mirrored test file, by where they are tested. It should only get shorter."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(node: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Every module that is imported somewhere below, with the names taken from it."""
    for found in ast.walk(node):
        if isinstance(found, ast.Import):
            yield from ((alias.name, []) for alias in found.names)
        elif isinstance(found, ast.ImportFrom) and found.module:
            yield found.module, [alias.name for alias in found.names]


def importers(*libraries: str) -> set[str]:
    return {
        name_of(path)
        for path in MODULES
        for module, _names in imports(tree(path))
        if module in libraries or module.startswith(tuple(f"{one}." for one in libraries))
    }


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def users_of(*names: str) -> set[str]:
    """Modules in which one of these dotted names (or its end) is used."""
    return {
        name_of(path)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and any(dotted(node) == name or dotted(node).endswith(f".{name}") for name in names)
    }


# --- Files -----------------------------------------------------------------------------------


def mirrored(path: Path) -> Path:
    return ROOT / "tests" / path.parent.name / f"test_{path.name}"


def in_rooms() -> list[Path]:
    return [
        path
        for room in ROOMS
        for path in sorted((CLINIC / room).glob("*.py"))
        if path.name != "__init__.py"
    ]


def test_every_module_is_mirrored_by_its_test_or_named_with_a_reason():
    patterns = [one for several in WITHOUT_A_TEST_OF_ITS_OWN.values() for one in several]
    expected = [one for several in TESTED_ELSEWHERE.values() for one in several]
    missing = {
        name_of(path).removeprefix("clinic/")
        for path in in_rooms()
        if not mirrored(path).exists() and not any(path.match(one) for one in patterns)
    }

    assert missing - set(expected) == set(), "write their tests, or say where they are tested"
    assert set(expected) - missing == set(), "take them from the list: they are tested or gone"
    assert len(expected) == len(set(expected))


@pytest.mark.parametrize("pattern", [p for ps in WITHOUT_A_TEST_OF_ITS_OWN.values() for p in ps])
def test_every_exception_is_still_needed(pattern):
    assert any(path.match(pattern) for path in in_rooms())


def test_no_module_is_longer_than_can_be_read():
    long = {
        name_of(path): count
        for path in MODULES
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }

    assert long == {}


def test_no_module_is_named_after_nothing():
    nothing = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "tools"}

    assert {name_of(path) for path in MODULES if path.stem in nothing} == set()


def test_page_of_the_house_names_every_room_and_no_other():
    page = (CLINIC / "ARCHITECTURE.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `([a-z_]+)/` \|", page, re.MULTILINE)) == set(ROOMS)


def test_page_of_the_house_names_only_files_that_exist():
    page = (CLINIC / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+/[a-z_]+\.py)`", page))

    assert named
    assert {
        one for one in named if not (CLINIC / one).exists() and not (ROOT / one).exists()
    } == set()


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
        "clinic/foundation/outbound_addresses.py",
        "clinic/foundation/outbound_connection.py",
        "clinic/foundation/outbound_http.py",
        "clinic/serving.py",  # asks whether its own port is free
    }

    assert importers(*libraries) == allowed


def test_only_mail_speaks_to_the_mail_server():
    assert importers("smtplib") == {"clinic/foundation/mail.py"}


def test_only_services_commit_and_only_through_transaction():
    assert (
        users_of("commit", "begin_nested")
        - {
            "clinic/foundation/database.py",
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


PAGES = re.compile(r"clinic/(web/.+|\w+/(\w+_)?(views|forms)|cli)\.py|app\.py")
KNOW_FLASK = {
    "the reader's browser: who asks, what they chose so far": (
        "clinic/accounts/browser_sessions.py",
        "clinic/accounts/datastore.py",
        "clinic/accounts/guard.py",
        "clinic/accounts/security.py",
        "clinic/booking/draft.py",
        "clinic/booking/pages.py",
        "clinic/booking/weeks.py",
        "clinic/notes/signed_note_page.py",
        "clinic/practice/terms.py",
    ),
    "effects, which ask the app for its mail, its keys or its handlers": (
        "clinic/booking/letters.py",
        "clinic/calendars/outside_refresh.py",
        "clinic/foundation/outbox.py",
        "clinic/foundation/vault.py",
        "clinic/notes/emergency_letters.py",
        "clinic/notes/flag_letters.py",
        "clinic/notes/notices.py",
        "clinic/scheduling_services/outgoing.py",
        "clinic/scheduling_services/push.py",
        "clinic/worker.py",
    ),
}
"""Modules that are no pages and know Flask all the same, by reason."""


def test_only_pages_know_flask_but_for_those_with_a_reason():
    known = {name for name in importers("flask") if not PAGES.fullmatch(name)}

    assert known == {name for names in KNOW_FLASK.values() for name in names}


def test_nobody_imports_a_page_but_who_registers_it():
    taken = {
        (name_of(path), module)
        for path in MODULES
        for module, _names in imports(tree(path))
        if module.startswith("clinic.") and module.endswith("views")
    }

    wired = {("clinic/accounts/security.py", "clinic.accounts.views")}  # into Flask-Security
    assert {(name, module) for name, module in taken if name != "app.py"} == wired


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

    assert names
    assert all(house.jinja_env.get_template(name) for name in names)


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
        "`clinic/foundation/permissions.py`.",
        "",
        "| address | methods | for |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| `{rule}` | {methods} | {declared(endpoint) or 'public'} |"
        for rule, methods, endpoint in rows
    ]
    return "\n".join(lines) + "\n"
