"""What README, CONTRIBUTING, SECURITY and docs/ name exists, and the README names what exists."""

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
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PAGES = [
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "clinic/ARCHITECTURE.md"),
    *sorted(
        path.relative_to(ROOT).as_posix()
        for folder in ("decisions", "developing")
        for path in (ROOT / "docs" / folder).glob("*.md")
    ),
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "clinic").rglob("README.md")),
]
"""Written by hand; docs/routes.md is written by a test."""
NAMING_MODULES = [
    one
    for one in PAGES
    if one.startswith(("docs/", "CONTRIBUTING", "SECURITY", "clinic/calendars/"))
]
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


def paths_named(text: str) -> set[str]:
    """Return each path in a page's code spans that has a folder in it, files and folders alike."""
    spans = re.findall(r"`([^`\n]+)`", text)
    return {one for one in spans if re.fullmatch(r"[\w.-]+/[\w./-]*", one)}


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())


def names_defined_in(path: Path) -> set[str]:
    """Return the classes, functions and constants at the top level of a module."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        found |= {one.id for one in targets if isinstance(one, ast.Name)}
        found |= {getattr(node, "name", "")}
    return found


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


@pytest.mark.parametrize("page", PAGES)
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


# --- Pages for developers ----------------------------------------------------------------------


@pytest.mark.parametrize("page", NAMING_MODULES)
def test_every_path_that_a_page_names_exists(page):
    named = paths_named((ROOT / page).read_text(encoding="utf-8"))

    # Pages below docs/ name modules by their path below clinic/.
    assert {
        one for one in named if not (ROOT / one).exists() and not (ROOT / "clinic" / one).exists()
    } == set()


def test_contributing_names_only_make_targets_that_exist():
    named = set(re.findall(r"\bmake ([a-z-]+)", CONTRIBUTING))

    assert named
    assert named - make_targets() == set()


def test_glossary_says_where_each_word_is_defined():
    text = (ROOT / "docs" / "developing" / "glossary.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    words = [line for line in rows if not line.startswith("| word |")]
    defined = [re.match(r"\| ([^|]+) \| [^|]+ \| `([\w/]+\.py)` `(\w+)` \|", one) for one in words]

    assert [row for row, found in zip(words, defined, strict=True) if not found] == []
    assert {
        (one[1], one[2], one[3])
        for one in defined
        if one[3] not in names_defined_in(ROOT / "clinic" / one[2])
    } == set()
    assert len({one[1] for one in defined}) == len(defined), "one word, one thing"


def test_every_decision_is_numbered_in_turn_and_in_the_index_with_its_title():
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    titles = [path.read_text(encoding="utf-8").splitlines()[0] for path in DECISIONS]
    rows = re.findall(r"^\| \[(\d+)\]\(([^)]+)\) \| (.+?) \|", index, re.MULTILINE)

    assert [f"# {number}. {title}" for number, _file, title in rows] == titles
    assert [file for _number, file, _title in rows] == [path.name for path in DECISIONS]
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name[:4])
def test_every_decision_has_a_status_a_date_and_its_three_parts(path):
    text = path.read_text(encoding="utf-8")

    assert re.search(r"^Status: (accepted|superseded by \d{4})\. Date: \d{4}-", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_hooks_before_a_commit_run_what_make_lint_runs():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^lint:.*\n((?:\t@.*\n)+)", makefile, re.MULTILINE)[1]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ *entry: \.venv/bin/(.*)$", hooks, re.MULTILINE)

    # A hook is given the files; make checks them all.
    run = [
        one.strip("\t@ ").removeprefix("$(BIN)/").removesuffix(" .")
        for one in re.split(r"&&|\n", recipe.rstrip())
    ]
    assert [one.removesuffix(" --force-exclude") for one in entries] == run
