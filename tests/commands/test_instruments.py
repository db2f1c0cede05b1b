"""`flask instruments` adds, lists and retires questionnaires."""

from __future__ import annotations

from pathlib import Path

from clinic.extensions import db
from tests.support.factories import CLOSENESS, make_clinic

OURS = Path("clinic/practice/instruments/shipped/own_ratings.pt.json")


def test_commands_add_list_and_retire(app, tmp_path):
    with app.app_context():
        make_clinic()
        db.session.remove()
    run = app.test_cli_runner().invoke
    text = CLOSENESS.read_text(encoding="utf-8")
    broken = tmp_path / "broken.json"
    broken.write_text(text.replace('"sum"', '"guess"').replace('"en"', '"fr"'), encoding="utf-8")

    refused = run(args=["instruments", "add", str(broken)])
    added = run(args=["instruments", "add", str(OURS)])
    run(args=["instruments", "add", str(CLOSENESS)])
    retired = run(args=["instruments", "retire", "closeness", "2", "en"])
    unknown = run(args=["instruments", "retire", "closeness", "9", "en"])
    listed = run(args=["instruments", "list"])

    assert (refused.exit_code, refused.stderr.splitlines()) == (
        1,
        ["language: must be one of en, pt", "scales[0].method: must be one of sum, mean"],
    )
    assert (added.exit_code, added.stdout) == (0, "own_ratings 1 pt is on the shelf.\n")
    assert (retired.exit_code, unknown.exit_code) == (0, 1)
    assert listed.stdout.splitlines() == [
        "closeness 2 en  Closeness, made up for tests  (retired)",
        "own_ratings 1 pt  As nossas três avaliações",
    ]
