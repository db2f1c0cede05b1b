"""What the README promises is there, and what is there the README names."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path
from tempfile import mkdtemp

import click
import pytest

from app import create_app
from clinic.config import Settings
from tests.conftest import settings_for
from tests.support.paths import ROOT

pytestmark = pytest.mark.one_database

README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
LIBRARIES_OWN = {"run", "shell", "db", "routes", "limiter", "openapi"}
"""Commands that Flask and its extensions bring; `flask db upgrade` and `flask routes` are named."""


def settings_read() -> dict[str, str]:
    """Each environment variable that `clinic/config.py` asks for, by the string it is asked by."""
    tree = ast.parse((ROOT / "clinic" / "config.py").read_text(encoding="utf-8"))
    return {
        node.value: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z][A-Z0-9_]{3,}", node.value)
    }


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the README's table under a heading, by what stands in their first cell."""
    part = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in part.splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in rows}


def commands() -> set[str]:
    app = create_app(settings_for(Path(mkdtemp()), "sqlite:///:memory:"))
    found = set()
    for name, command in app.cli.commands.items():
        if name in LIBRARIES_OWN:
            continue
        if isinstance(command, click.Group):
            found |= {f"{name} {child}" for child in command.commands}
        else:
            found.add(name)
    return found


def test_every_setting_is_in_the_readme_with_its_default_and_meaning_and_no_other():
    rows = table("Settings")

    assert set(rows) == set(settings_read())
    assert all(len(row) == 2 and all(row) for row in rows.values())


def test_every_field_of_the_settings_can_be_set():
    # CLINIC_ENV is `production`, CLINIC_INSTANCE `instance`, and so on.
    assert len(fields(Settings)) == len(settings_read())


def test_every_command_is_in_the_readme():
    named = {
        re.match(r"flask ((?:[a-z-]+ ?)+)", row)[1].strip()
        for row in table("Commands")
        if row.startswith("flask ")
    }

    assert commands() - named == set()


def test_readme_names_no_command_that_is_not_there():
    known = commands() | {"db upgrade", "routes", "serve"}
    named = set(re.findall(r"`flask ((?:[a-z]+)(?: [a-z]+)?)", README))

    assert {one for one in named if one not in known and one.split()[0] not in known} == set()


def test_every_make_target_is_in_the_readme_and_explained_by_make_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))

    assert explained == phony
    assert phony - named == set()
    assert {one for one in named if one not in phony and f"`make {one}`" in README} == set()


def test_first_screen_says_how_to_run_and_test_and_shows_a_picture():
    first_screen = "\n".join(README.splitlines()[:45])

    assert "make run" in first_screen
    assert "make test" in first_screen
    assert re.search(r"!\[[^]]+\]\([^)]+\.(png|jpg|svg)\)", first_screen)


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "clinic/ARCHITECTURE.md"])
def test_every_link_inside_the_project_leads_somewhere(page):
    path = ROOT / page
    text = path.read_text(encoding="utf-8")
    links = [one for one in re.findall(r"\]\(([^)#]+)", text) if "://" not in one]

    assert [one for one in links if not (path.parent / one).exists()] == []


def test_version_in_the_changelog_is_the_projects():
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[
        1
    ]

    assert CHANGELOG.startswith("# ")
    assert version in CHANGELOG or "Unreleased" in CHANGELOG
