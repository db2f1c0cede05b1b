"""Every chart of the demo couple, on the pages that show it and in both languages."""

from __future__ import annotations

import pytest

from clinic.sample_data.demo_people import PASSWORD
from tests.notes.charts.drawn import laid_out, pictures_and_tables
from tests.support.accounts.sign_in import signed_in

PAGES = {
    "ledger": "ledger",
    "ledger_by_date": "ledger?axis=date",
    "ledger_for_a_partner": "ledger?for=partner&viewer=A",
    "ledger_for_partners": "ledger?for=partner",
    "questionnaires": "measures",
    "cycle": "cycle",
    "windows": "windows",
}


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("language", ["en", "pt"])
def test_charts_of_the_demo_couple_match_their_golden_files(app, golden, language):
    browser = signed_in(app, email="ines@harbour-lane.example", password=PASSWORD)
    with browser.session_transaction() as stored:
        stored["language"] = language
    pages = {name: browser.get(f"/desk/couples/C-0001/{path}").text for name, path in PAGES.items()}

    for name, page in pages.items():
        golden(f"charts/demo_{name}_{language}.html", laid_out(pictures_and_tables(page)))
