"""What the pages call things."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask_babel import force_locale

from clinic.notes.pages.labels import (
    answer_choices,
    any_reason,
    field_name,
    figure,
    first_names,
    happened,
    injured_choices,
    offered,
    rating_heads,
    short_moment,
    term_name,
)
from clinic.notes.pages.refusals import finding_text
from clinic.notes.rules.note_checks import Finding
from clinic.practice.rules.instruments import QuestionnaireItem


@pytest.fixture(autouse=True)
def request_context(app):
    with app.test_request_context():
        yield


def test_terms_by_their_labels_and_unknown_codes_as_they_are():
    assert term_name("eft_step_2", "intervention") == "Step 2: negative cycle"
    assert (term_name("gone", "intervention"), term_name(None, "receipt")) == ("gone", "")
    assert any_reason("trust_dip") == "Dip in trust"


def test_retired_terms_are_offered_only_where_the_record_holds_them():
    codes = [term.code for term in offered("receipt", chosen=["received"])]
    assert codes == ["rejected", "ignored", "partly", "received"]


def test_partners_go_by_their_first_names_unless_those_are_the_same():
    assert first_names({"A": "Ana Serrano", "B": "Tom W"}) == {"A": "Ana", "B": "Tom"}
    assert first_names({"A": "Sam One", "B": "Sam Two"}) == {"A": "Sam One", "B": "Sam Two"}
    assert first_names({"A": "", "B": "Tom"}) == {"A": "A", "B": "Tom"}


def test_hurt_by_a_rupture_is_one_of_the_partners_or_both():
    assert injured_choices({"A": "Ana", "B": "Tom"}) == [
        ("A", "Ana"),
        ("B", "Tom"),
        ("both", "Both"),
    ]


def test_answers_to_an_item_are_its_numbers_with_the_words_of_those_that_have_any():
    item = QuestionnaireItem("near", "How near?", 0, 2, ((0, "not at all"), (2, "very")))

    assert answer_choices(item) == [("0", "0 not at all"), ("1", "1"), ("2", "2 very")]


def test_columns_of_ratings_are_headed_by_the_partner_and_the_rating():
    assert rating_heads(("session", "A.felt_safety", "B.regulation"), {"A": "Ana"}) == [
        "Session",
        "Ana, felt safety",
        "B, regulation",
    ]


def test_a_rupture_happened_no_more_exactly_than_was_told():
    on = date(2025, 11, 1)

    assert [happened(on, one) for one in ("exact", "month", "year", "unknown")] == [
        "Saturday 1 November 2025",
        "November 2025",
        "2025",
        "Not known",
    ]
    assert happened(None, "exact") == "Not known"
    with force_locale("pt"):
        assert happened(on, "month") == "novembro de 2025"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("plan", "Plan"),
        ("responses.A", "Response, Ana"),
        ("ratings.A.end", "Ratings, Ana, End"),
        ("ratings.A.end.regulation", "Ratings, Ana, End, Regulation"),
        ("ruptures.R-01.note", "R-01"),
        ("attempts.0.acts", "Repair attempts"),
        ("something_new", "something_new"),
    ],
)
def test_fields_by_their_paths(path, name):
    assert field_name(path, {"A": "Ana"}) == name


def test_findings_with_their_detail():
    assert finding_text(Finding("x", "There is no rupture %(detail)s in this record.", "R-09")) == (
        "There is no rupture R-09 in this record."
    )
    assert finding_text(Finding("plan", "Write the plan.")) == "Write the plan."


def test_figures_have_the_readers_decimal_mark():
    told = ["62.5%", "−0.714", "21", "—", 2.5]

    with force_locale("en_GB"):
        assert [figure(one) for one in told] == ["62.5%", "−0.714", "21", "—", "2.5"]
    with force_locale("pt_PT"):
        assert [figure(one) for one in told] == [
            "62,5\N{NO-BREAK SPACE}%",
            "−0,714",
            "21",
            "—",
            "2,5",
        ]


def test_a_moment_is_short_where_there_is_little_room():
    at = datetime(2026, 11, 28, 23, 10, tzinfo=UTC)
    assert [short_moment(at, zone) for zone in ("Europe/Lisbon", "Europe/Berlin")] == [
        "28 Nov 26, 23:10",
        "29 Nov 26, 00:10",
    ]
