"""Every module is tested, short and named after something; ARCHITECTURE.md names every room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.source_code import CLINIC, MODULES, ROOT, name_of

pytestmark = pytest.mark.one_database

ROOMS = sorted(path.parent.name for path in CLINIC.glob("*/__init__.py"))
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
    "booking: tests/booking/test_service.py, test_races.py, test_slots*.py and the desk's pages": (
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
    "sessions that another than the lead holds: tests/notes/test_sessions_apart.py": (
        "notes/held_brief.py",
        "notes/held_sessions.py",
        "notes/sessions_to_write.py",
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
        "notes/record_written.py",
        "notes/record_tables.py",
        "notes/record_versions.py",
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
    "the practice: tests/practice/test_views.py, test_hours_pages.py, test_queries.py, "
    "test_vocabulary*.py": (
        "practice/clinics.py",
        "practice/commands.py",
        "practice/desk_queries.py",
        "practice/form_fields.py",
        "practice/instrument_check.py",
        "practice/sentences.py",
        "practice/vocabulary_check.py",
        "practice/vocabulary_queries.py",
    ),
    "Cal.com and Calendly: tests/scheduling_services/test_reducer*.py, test_*_events.py": (
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
