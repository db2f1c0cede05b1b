"""`flask demo` fills an empty database, once."""

from __future__ import annotations

import json


def test_demo_prints_what_demo_json_holds(run, tmp_path):
    code, out, err = run("demo", "--json")

    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))


def test_demo_prints_the_sign_ins_for_people(run):
    code, out, _err = run("demo")

    lines = out.splitlines()
    assert (code, len(lines)) == (0, 6)
    assert lines[1].split(maxsplit=2)[:2] == ["admin", "admin@harbour-lane.example"]


def test_second_demo_is_one_line_and_exit_code_one(run, booked):
    code, out, err = run("demo", "--json")

    assert (code, out) == (1, "")
    assert err == (
        "Error: There is a clinic in this database already; the demo needs an empty one.\n"
    )
