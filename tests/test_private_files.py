"""What an installation writes is its owner's alone, whatever the umask and whatever was before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import create_app
from clinic.config import read_settings
from clinic.extensions import db
from clinic.practice.clinic.clinics import open_clinic
from clinic.private_files import make_private
from tests.conftest import NOW, POSTGRESQL, settings_for
from tests.support.commands import ROOT, environment

on_sqlite = pytest.mark.skipif(POSTGRESQL is not None, reason="about the SQLite file")


@pytest.fixture(autouse=True)
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """The mode of the folder and of everything in it."""
    found = {".": folder, **{str(path.relative_to(folder)): path for path in folder.rglob("*")}}
    return {name: oct(stat.S_IMODE(path.stat().st_mode)) for name, path in sorted(found.items())}


def expected(names: dict[str, str]) -> dict[str, str]:
    return {name: "0o700" if name in {".", "mail"} else "0o600" for name in names}


@on_sqlite
def test_everything_that_is_written_is_private(template_database, tmp_path):
    folder = tmp_path / "new" / "instance"
    app = create_app(read_settings({"CLINIC_INSTANCE": str(folder)}))
    (folder / "clinic.db").write_bytes(Path(template_database).read_bytes())
    with app.app_context():
        open_clinic(
            slug="a",
            name="A",
            short_name="A",
            time_zone="Europe/Lisbon",
            email="a@a.example",
            now=NOW,
        )
        (folder / "demo.json").write_text("{}")
        found = modes(folder)
        db.session.remove()
        db.engine.dispose()

    assert {"clinic.db", "clinic.db-wal", "clinic.db-shm", "secret_key", "demo.json"} <= set(found)
    assert found == expected(found)


@pytest.mark.one_database
def test_what_was_open_is_closed_at_the_start(tmp_path):
    folder = tmp_path / "instance"
    (folder / "mail").mkdir(parents=True)
    for name in ("clinic.db", "clinic.db-wal", "clinic.db-shm", "demo.json", "mail/1.eml"):
        (folder / name).touch(mode=0o666)
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.touch(mode=0o644)

    create_app(settings_for(folder, f"sqlite:///{elsewhere}"))

    assert modes(folder) == expected(modes(folder))
    assert oct(stat.S_IMODE(elsewhere.stat().st_mode)) == "0o600"


@pytest.mark.one_database
def test_what_was_tighter_or_is_not_ours_stays_as_it_was(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "theirs").touch(mode=0o644)
    (shared / "clinic.db").touch(mode=0o400)
    outside = tmp_path / "outside"
    outside.touch(mode=0o644)
    (shared / "demo.json").symlink_to(outside)

    make_private(shared, database=None)

    assert {
        path.name: oct(path.stat().st_mode & 0o7777) for path in [shared, *shared.iterdir()]
    } == {
        "shared": "0o1777",
        "theirs": "0o644",
        "clinic.db": "0o400",
        "demo.json": "0o644",
    }


@pytest.mark.one_database
def test_command_with_an_open_umask_writes_what_is_private(tmp_path):
    folder = tmp_path / "instance"

    subprocess.run(
        [sys.executable, "-m", "flask", "db", "current"],
        cwd=ROOT,
        env=environment(folder),
        umask=0,
        check=True,
        capture_output=True,
        timeout=300,
    )

    assert "clinic.db" in modes(folder)
    assert modes(folder) == expected(modes(folder))
