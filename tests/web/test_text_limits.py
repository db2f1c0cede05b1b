"""Every text of every form with one character more than it may have: refused, the limit said."""

from __future__ import annotations

import html
import re

import pytest

from tests.web.shell.test_unstorable_texts import NOT_SHOWN_HERE, forms, post  # noqa: F401 - forms is a fixture

pytestmark = pytest.mark.one_database  # the limits are code: PostgreSQL would say the same
LIMITS = {
    r"(desk_appointments|links)\.(cancel|decline) reason": 2_000,
    r"told\.add attempt-note": 500,
    r"cycle\.draw (trigger|[AB]-.+)": 300,
    r"record\.begin_note late_reason": 2_000,
    r"restricted\.write_process text": 50_000,
    r"restricted\.disclose text": 20_000,
    r"restricted\.disclose decision_reason": 2_000,
    r"restricted\.clear because": 4_000,
    r"restricted\.flag (about|action)": 4_000,
    r"restricted\.flag owner": 120,
    r"ruptures\.(reverse|change|split) text": 4_000,
    r"ruptures\.split title": 80,
    r"told\.mark reason": 2_000,
    r"emergency\.open_record reason": 2_000,
    r"(desk_feeds\.(create|edit|create_clinic)|partner_feeds\.create|desk_calendars\.add) name": 60,
    r"integrations\.(add|subscribe) name": 60,
    r"practice\..+ (name|name_en|name_pt|title_en|title_pt|closure-name)": 120,
    r"staff_accounts\.invite name": 120,
    r"practice\.edit_clinic (short_name|phone)": 40,
    r"practice\.edit_clinic address": 300,
    r"practice\..+ (welcome|biography|description)_(en|pt)": 5_000,
    r"practice\..+ slug": 60,
    r"vocabularies\..+ label_(en|pt|reviewed_by)": 120,
    r"vocabularies\..+ definition_(en|pt)": 600,
    r"booking\.book (name|other_name)": 100,
    r"booking\.book message": 2_000,
}
SAVED_AND_SAID = {
    r"attendance\.[AB]\.text|interventions\.other\.text|ruptures\.R-\d+\.note": 500,
    r"safety\.(text|action)|checkins\.[AB]|cycle\.text|cycle\.moves\.[AB]|responses\.[AB]": 4_000,
    r"plan|goals|free_text|ruptures\.R-\d+\.reason_text": 4_000,
    r"stage": 300,
    r"late_reason": 2_000,
}
"""The texts of a draft are saved whatever they are; what is too long is said at its field."""
OTHERWISE = re.compile(
    r"username|(.+[-.])?key|(.+-)?version|revision|base|id|event|visibility|therapist|note|next|hold|"
    r"time_zone|code|url|(.+_|.+-)?email|ignored|appointment|(.+-)?(start|end|date|at|on)|"
    r"totals\..+|items\..+|rows\..+|ratings(\..+)?|.*felt_safety.*|rating-.+|attempts|new_ruptures|"
    r"new_ruptures\.KEY\.title|kind|\w+-from|\w+-until|held_.+|session_type|ruptures(\..+intensity_.)?"
)
"""Names of fields that hold no text of their own: ids, choices, numbers, days and addresses."""


def limit_of(limits, name):
    return next((most for known, most in limits.items() if re.fullmatch(known, name)), None)


def test_every_text_has_a_limit_and_one_character_more_is_refused_with_it(forms):  # noqa: F811
    unknown, taken = [], []
    for (endpoint, texts), (form, browser) in forms.items():
        is_apart = endpoint in NOT_SHOWN_HERE or endpoint == "session_notes.save"
        for name in () if is_apart else texts:
            most = limit_of(LIMITS, f"{endpoint} {name}")
            if most is None:
                unknown += [] if OTHERWISE.fullmatch(name) else [(endpoint, name)]
                continue
            answer = post(browser, form, **FILLED.get(endpoint, {}) | {name: "x" * (most + 1)})
            said = html.unescape(answer.text)
            told = [number for number in (str(most), f"{most:,}") if f" {number} " in said]
            if answer.status_code != 422 or not told:
                taken.append((endpoint, name, answer.status_code))

    assert (unknown, taken) == ([], [])


FILLED = {
    "record.begin_note": {
        "on": "2026-11-19", "begins": "10:00", "ends": "11:00", "kind": "joint"
    },
    "ruptures.change": {"to": "in_repair"},
    "ruptures.split": {"title": "A part", "types": "secrecy", "significance": "2"},
    "staff_accounts.invite": {"email": "new@example.org", "roles": "front_desk", "language": "en", "therapist": ""},
    "desk_calendars.add": {"url": "https://calendar.example/a.ics"},
    "restricted.disclose": {"by": "A", "text": "Told.", "review_on": "2026-12-01"},
    "restricted.flag": {"about": "It", "action": "Is", "level": "1", "flag_review_on": "2026-12-01"},
}  # fmt: skip


def test_every_text_of_a_draft_is_kept_and_its_limit_said_at_its_field(forms):  # noqa: F811
    (form, browser) = next(f for (name, _), f in forms.items() if name == "session_notes.save")
    texts = [name for name in form.texts if not OTHERWISE.fullmatch(name)]
    limits = {name: limit_of(SAVED_AND_SAID, name) for name in texts}
    sent = {name: "x" * ((most or 0) + 1) for name, most in limits.items()}
    data = form.sent(**sent, interventions="other")

    answer = browser.post(f"{form.action}/autosave", data=dict(data))

    said = {one["anchor"]: one["text"] for one in answer.json["missing"]}
    told = {
        name: int(
            re.search(r"(?:longer than|at most) ([\d,]+) char", said[name], re.IGNORECASE)[
                1
            ].replace(",", "")
        )
        for name in texts
        if "char" in said.get(name, "")
    }
    assert told == limits
    page = browser.get(form.action).text
    assert all(text in page for text in sent.values())
