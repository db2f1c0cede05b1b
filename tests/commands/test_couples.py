"""`flask couples` and `flask ledger` print a couple's record, and name what is wrong."""

from __future__ import annotations

import json

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("demo")


def test_ledger_of_an_unknown_couple_ends_in_one_line(app):
    printed = app.test_cli_runner().invoke(args=["ledger", "C-9999", "--json"])

    assert (printed.exit_code, printed.stdout) == (1, "")
    assert printed.stderr.startswith("Error:")


def test_record_is_exported_and_a_broken_file_names_its_problems(app, tmp_path):
    run = app.test_cli_runner().invoke
    exported = run(args=["couples", "export", "C-0001"])
    path = tmp_path / "record.json"
    path.write_text(exported.stdout.replace('"R-01"', '"R-07"'), encoding="utf-8")

    refused = run(args=["couples", "import", str(path)])

    assert (exported.exit_code, json.loads(exported.stdout)["couple"]["code"]) == (0, "C-0001")
    assert refused.exit_code == 1
    lines = refused.stderr.splitlines()
    assert "attempts[0].details.rupture: There is no such rupture in this record." in lines
    assert len(lines) > 5


def test_schema_of_a_record_is_printed_as_it_is_published(run):
    published = (ROOT / "docs" / "couple-record.schema.json").read_text(encoding="utf-8")

    assert run("couples", "schema") == (0, published, "")
