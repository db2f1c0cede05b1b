"""Every setting: its default, what it takes, and one clear line when it cannot be used."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from clinic.config import Settings, SettingsError, read_settings
from tests.conftest import KEY as TEST_KEY
from tests.support.paths import ROOT

pytestmark = pytest.mark.one_database

KEY = "5mO2W0rV0kXhyT4cYQeEJ8d3nqkRz1sLBvA7uGfHpNw="
SECRET = "pXv3nQ9sKd0ZtR7wLb2YhF5mJc8GaE1u"


def read(folder, **environ):
    return read_settings({"CLINIC_INSTANCE": str(folder)} | environ)


def production(folder, **environ):
    values = {
        "CLINIC_ENV": "production",
        "BASE_URL": "https://clinic.example",
        "SECRET_KEY": SECRET,
        "CLINIC_ENCRYPTION_KEYS": KEY,
    } | environ
    return read(folder, **{name: value for name, value in values.items() if value is not None})


def test_every_default(tmp_path):
    found = read(tmp_path, SECRET_KEY=SECRET, CLINIC_ENCRYPTION_KEYS=KEY)

    assert found == Settings(
        production=False,
        instance=tmp_path,
        database_url=f"sqlite:///{tmp_path}/clinic.db",
        port=8000,
        base_url="http://127.0.0.1:8000",
        secret_key=SECRET,
        encryption_keys=KEY,
        smtp_url=None,
        mail_sender=None,
        audit_anchor_to=None,
        rate_limits=True,
        ratelimit_storage_uri="memory://",
        require_staff_2fa=True,
        calcom_api_url="https://api.cal.com/v2",
        calendly_api_url="https://api.calendly.com",
        frame_ancestors=(),
        trusted_proxies=None,
        debug=False,
        now=None,
    )
    assert found.on_sqlite


TAKEN = {
    "PORT": ("8080", {"port": 8080, "base_url": "http://127.0.0.1:8080"}),
    "BASE_URL": ("https://clinic.example/", {"base_url": "https://clinic.example"}),
    "DATABASE_URL": (
        "postgresql://u:p@db/clinic",
        {"database_url": "postgresql+psycopg://u:p@db/clinic", "on_sqlite": False},
    ),
    "SMTP_URL": ("smtp://mail.example:25", {"smtp_url": "smtp://mail.example:25"}),
    "MAIL_SENDER": (
        "Clinic <hello@clinic.example>",
        {"mail_sender": "Clinic <hello@clinic.example>"},
    ),
    "CLINIC_RATE_LIMITS": ("off", {"rate_limits": False}),
    "RATELIMIT_STORAGE_URI": ("redis://cache", {"ratelimit_storage_uri": "redis://cache"}),
    "REQUIRE_STAFF_2FA": ("OFF", {"require_staff_2fa": False}),
    "CALCOM_API_URL": ("http://127.0.0.1:9/v2/", {"calcom_api_url": "http://127.0.0.1:9/v2"}),
    "CALENDLY_API_URL": ("http://127.0.0.1:9/", {"calendly_api_url": "http://127.0.0.1:9"}),
    "FRAME_ANCESTORS": (
        "https://a.example https://b.example",
        {"frame_ancestors": ("https://a.example", "https://b.example")},
    ),
    "TRUSTED_PROXIES": ("2", {"trusted_proxies": 2}),
    "AUDIT_ANCHOR_TO": ("audit@elsewhere.org", {"audit_anchor_to": "audit@elsewhere.org"}),
    "FLASK_DEBUG": ("1", {"debug": True}),
    "CLINIC_NOW": (
        "2026-11-21T10:00:00+01:00",
        {"now": datetime(2026, 11, 21, 9, tzinfo=UTC)},
    ),
    "SECRET_KEY": (SECRET, {"secret_key": SECRET}),
    "CLINIC_ENCRYPTION_KEYS": (KEY, {"encryption_keys": KEY}),
    "CLINIC_ENV": ("development", {"production": False}),
}


@pytest.mark.parametrize("name", TAKEN)
def test_setting_is_taken_from_the_environment(tmp_path, name):
    value, expected = TAKEN[name]

    found = read(tmp_path, **{name: value})

    assert {field: getattr(found, field) for field in expected} == expected


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_usual_way_to_write_a_postgresql_address_is_taken(tmp_path, scheme):
    assert (
        read(tmp_path, DATABASE_URL=f"{scheme}://db/x").database_url == "postgresql+psycopg://db/x"
    )


REFUSED = [
    ("PORT", "http"),
    ("PORT", "-1"),
    ("PORT", ""),
    ("PORT", "8000.5"),
    ("PORT", "٣"),
    ("PORT", "70000"),
    ("PORT", "0"),
    ("TRUSTED_PROXIES", "yes"),
    ("AUDIT_ANCHOR_TO", "elsewhere.org"),
    ("AUDIT_ANCHOR_TO", "ftp://elsewhere.org"),
    ("DATABASE_URL", "mysql://db/clinic"),
    ("DATABASE_URL", "clinic.db"),
    ("BASE_URL", "clinic.example"),
    ("BASE_URL", "ftp://clinic.example"),
    ("BASE_URL", "https://"),
    ("BASE_URL", "http://[broken"),
    ("SECRET_KEY", "too short"),
    ("CLINIC_ENCRYPTION_KEYS", "too short"),
    ("CLINIC_RATE_LIMITS", "maybe"),
    ("REQUIRE_STAFF_2FA", "2"),
    ("CLINIC_NOW", "yesterday"),
    ("CLINIC_NOW", "2026-02-30T10:00:00Z"),
    ("CLINIC_NOW", "2026-11-21T10:00:00"),
    ("CLINIC_ENV", "prod"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_bad_value_is_one_clear_line_that_names_the_setting(tmp_path, name, value):
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **{name: value})

    said = str(refused.value)
    assert name in said
    assert "\n" not in said
    assert said.endswith(".")


@pytest.mark.parametrize("missing", ["BASE_URL", "SECRET_KEY", "CLINIC_ENCRYPTION_KEYS"])
def test_production_makes_nothing_up(tmp_path, missing):
    with pytest.raises(SettingsError, match=missing):
        production(tmp_path, **{missing: None})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLINIC_RATE_LIMITS", "off"),
        ("CLINIC_NOW", "2026-11-21T10:00:00Z"),
        ("BASE_URL", "http://clinic.example"),
        ("SECRET_KEY", "a" * 36),
        ("CLINIC_ENCRYPTION_KEYS", base64.urlsafe_b64encode(bytes(32)).decode("ascii")),
        ("CLINIC_ENCRYPTION_KEYS", f"{KEY},{TEST_KEY}"),
        ("FLASK_DEBUG", "1"),
        ("FLASK_DEBUG", "off"),  # Flask turns it on
    ],
)
def test_production_refuses_what_is_for_development_and_tests(tmp_path, name, value):
    with pytest.raises(SettingsError, match=name):
        production(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "http://clinic.example"),
        ("SECRET_KEY", "a" * 36),
        ("CLINIC_ENCRYPTION_KEYS", TEST_KEY),
        ("FLASK_DEBUG", "1"),
    ],
)
def test_development_takes_what_production_refuses(tmp_path, name, value):
    assert not read(tmp_path, **{name: value}).production


@pytest.mark.parametrize(("stated", "told"), [(None, 1), ("0", 0), ("1", 0)])
def test_production_is_told_of_an_unstated_number_of_proxies(tmp_path, stated, told):
    assert len(production(tmp_path, TRUSTED_PROXIES=stated).start_notices) == told


def test_development_is_told_of_nothing(tmp_path):
    assert read(tmp_path).start_notices == ()


def test_production_that_is_given_everything_starts(tmp_path):
    found = production(tmp_path)

    assert (found.production, found.base_url, found.rate_limits) == (
        True,
        "https://clinic.example",
        True,
    )


def test_local_run_makes_its_keys_once_and_keeps_them_for_the_owner_alone(tmp_path):
    first = read(tmp_path / "new" / "instance")
    second = read(tmp_path / "new" / "instance")

    assert (first.secret_key, first.encryption_keys) == (second.secret_key, second.encryption_keys)
    assert first.secret_key != first.encryption_keys
    assert len(base64.urlsafe_b64decode(first.encryption_keys)) == 32
    files = sorted((tmp_path / "new" / "instance").iterdir())
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in files} == {
        "encryption_keys": 0o600,
        "secret_key": 0o600,
    }


def test_two_local_runs_have_different_keys(tmp_path):
    one, other = read(tmp_path / "one"), read(tmp_path / "other")

    assert one.encryption_keys != other.encryption_keys
    assert one.secret_key != other.secret_key


def test_key_of_the_environment_wins_over_a_kept_one(tmp_path):
    read(tmp_path)

    assert read(tmp_path, CLINIC_ENCRYPTION_KEYS=KEY).encryption_keys == KEY


def test_kept_key_that_was_emptied_is_not_taken(tmp_path):
    read(tmp_path)
    (tmp_path / "encryption_keys").write_text("\n")

    with pytest.raises(SettingsError, match="CLINIC_ENCRYPTION_KEYS"):
        read(tmp_path)


def test_instance_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SettingsError, match="CLINIC_INSTANCE"):
        read(tmp_path / "file" / "instance")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CLINIC_ENV", "prod"), ("CLINIC_ENCRYPTION_KEYS", "x" * 44), ("SMTP_URL", "mail.example")],
)
def test_command_with_a_bad_setting_says_one_line_and_fails(tmp_path, name, value):
    environ = {"PATH": os.environ["PATH"], "FLASK_APP": "app.py", "CLINIC_INSTANCE": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-m", "flask", "worker", "--once"],
        env=environ | {name: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: ")
    assert name in ended.stderr
    assert ended.stderr.count("\n") == 1
