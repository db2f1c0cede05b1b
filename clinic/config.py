"""The only reader of the environment: frozen settings, and a start that refuses to be half-set.

Every setting is named in the README with its default and meaning (a test holds the two together).
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, current_app

from clinic.foundation.clock import clock
from clinic.foundation.errors import ClinicError
from clinic.foundation.mail.addresses import is_mail_address
from clinic.production_rules import production_notices, production_refusals
from clinic.request_limits import MAX_REQUEST_BYTES


class SettingsError(ClinicError):
    """A setting is missing or cannot be used; the message names it."""

    code = "settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation decides. Made by `read_settings`; tests make their own."""

    production: bool = False
    instance: Path
    database_url: str
    port: int = 8000
    base_url: str
    secret_key: str
    encryption_keys: str
    smtp_url: str | None = None
    mail_sender: str | None = None
    rate_limits: bool = True
    ratelimit_storage_uri: str = "memory://"
    require_staff_2fa: bool = True
    calcom_api_url: str = "https://api.cal.com/v2"
    calendly_api_url: str = "https://api.calendly.com"
    frame_ancestors: tuple[str, ...] = ()
    trusted_proxies: int | None = None
    """How many proxies in front may say who the visitor is; None when nobody stated it."""
    debug: bool = False
    audit_anchor_to: str | None = None
    now: datetime | None = None

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_file(self) -> str | None:
        """The path of the SQLite file; None on PostgreSQL."""
        return self.database_url.removeprefix("sqlite:///") if self.on_sqlite else None

    @property
    def start_notices(self) -> tuple[str, ...]:
        """What to tell the operator at each start: settings that production should state."""
        return production_notices(trusted_proxies=self.trusted_proxies) if self.production else ()


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; generate local keys where that is allowed.

    Raises `SettingsError` with one clear sentence when something is missing or malformed.
    """
    env = os.environ if environ is None else environ
    production = _is_production(env)
    instance = _instance(env)
    port = _port(env)
    settings = Settings(
        production=production,
        instance=instance,
        database_url=_database_url(env, instance),
        port=port,
        base_url=_base_url(env, port, production=production),
        secret_key=_key(env, "SECRET_KEY", instance / "secret_key", production=production),
        encryption_keys=_key(
            env, "CLINIC_ENCRYPTION_KEYS", instance / "encryption_keys", production=production
        ),
        smtp_url=env.get("SMTP_URL") or None,
        mail_sender=env.get("MAIL_SENDER") or None,
        rate_limits=_switch(env, "CLINIC_RATE_LIMITS", default=True),
        ratelimit_storage_uri=env.get("RATELIMIT_STORAGE_URI", "memory://"),
        require_staff_2fa=_switch(env, "REQUIRE_STAFF_2FA", default=True),
        calcom_api_url=env.get("CALCOM_API_URL", "https://api.cal.com/v2").rstrip("/"),
        calendly_api_url=env.get("CALENDLY_API_URL", "https://api.calendly.com").rstrip("/"),
        frame_ancestors=tuple(env.get("FRAME_ANCESTORS", "").split()),
        trusted_proxies=_proxies(env),
        audit_anchor_to=_anchor_place(env, production=production),
        debug=_debug(env),
        now=_instant(env, "CLINIC_NOW"),
    )
    if production:
        _must_be_fit_for_production(settings)
    return settings


def configure(app: Flask, settings: Settings) -> None:
    """Give `app` its settings, and Flask and its extensions what follows from them."""
    app.extensions["settings"] = settings
    secure = settings.base_url.startswith("https://")
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST_BYTES,
        SESSION_COOKIE_NAME="__Host-clinic" if secure else "clinic",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=settings.ratelimit_storage_uri,
        RATELIMIT_HEADERS_ENABLED=True,
    )
    # An address with a doubled slash is not there: neither a sender of news nor a calendar
    # program follows a redirect as people's browsers do.
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if settings.now is not None:
        clock.freeze(settings.now)


def _engine_options(settings: Settings) -> dict[str, object]:
    if settings.on_sqlite:
        return {"hide_parameters": True}
    # A server that does not answer is a 503 soon, not a page that hangs.
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": 5},
    }


def current_settings() -> Settings:
    """Return the settings of the application at work; needs an application context."""
    settings: Settings = current_app.extensions["settings"]
    return settings


def refuse_in_production(settings: Settings, *, what: str) -> None:
    """Raise `SettingsError` when made-up data is asked for where real people are served."""
    if settings.production:
        raise SettingsError(f"CLINIC_ENV=production takes no {what}: its passwords are published.")


def _must_be_fit_for_production(settings: Settings) -> None:
    refusals = production_refusals(
        base_url=settings.base_url,
        secret_key=settings.secret_key,
        encryption_keys=settings.encryption_keys,
        debug=settings.debug,
        rate_limits=settings.rate_limits,
        clock_stopped=settings.now is not None,
    )
    if sentence := next(refusals, None):
        raise SettingsError(sentence)


def _debug(env: Mapping[str, str]) -> bool:
    """Read FLASK_DEBUG as Flask itself does: whatever is not plainly off turns it on."""
    return env.get("FLASK_DEBUG", "").lower() not in {"", "0", "false", "no"}


def _proxies(env: Mapping[str, str]) -> int | None:
    name = "TRUSTED_PROXIES"
    return _whole_number(env, name, 0) if name in env else None


def _is_production(env: Mapping[str, str]) -> bool:
    value = env.get("CLINIC_ENV", "development")
    if value not in {"development", "production"}:
        # A slip here would leave production with made-up keys.
        raise SettingsError("CLINIC_ENV must be development or production.")
    return value == "production"


def _instance(env: Mapping[str, str]) -> Path:
    folder = Path(env.get("CLINIC_INSTANCE", "instance")).resolve()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"CLINIC_INSTANCE, the folder {folder}, cannot be made: {error.strerror}."
        ) from None
    return folder


def _port(env: Mapping[str, str]) -> int:
    port = _whole_number(env, "PORT", 8000)
    if not 1 <= port <= 65_535:
        raise SettingsError("PORT must be between 1 and 65535.")
    return port


def _database_url(env: Mapping[str, str], instance: Path) -> str:
    url = env.get("DATABASE_URL") or f"sqlite:///{instance / 'clinic.db'}"
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    return url


def _base_url(env: Mapping[str, str], port: int, *, production: bool) -> str:
    url = env.get("BASE_URL", "").rstrip("/")
    if not url and production:
        raise SettingsError("BASE_URL is needed in production: links in mails are built from it.")
    url = url or f"http://127.0.0.1:{port}"
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole:
        raise SettingsError("BASE_URL must be a full address such as https://clinic.example.")
    return url


def _key(env: Mapping[str, str], name: str, path: Path, *, production: bool) -> str:
    """Read the key from the environment, or make one for a local run and store it (mode 0600)."""
    if value := env.get(name):
        if len(value) < 32:
            raise SettingsError(f"{name} is too short: 32 characters at least.")
        return value
    if production:
        raise SettingsError(f"{name} is not set, and in production it is never made up.")
    return _stored_key(name, path)


def _stored_key(name: str, path: Path) -> str:
    if not path.exists():
        made = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(made + "\n")
    value = path.read_text(encoding="ascii", errors="replace").strip()
    if len(value) < 32:
        raise SettingsError(f"{name} is kept in {path}, but that file holds no whole key.")
    return value


def _anchor_place(env: Mapping[str, str], *, production: bool) -> str | None:
    """Return where the audit log's anchors go: an address, "off", or None for the clinic's own."""
    place = env.get("AUDIT_ANCHOR_TO", "").strip()
    schemes = ("https://",) if production else ("https://", "http://")
    if not place or place == "off" or is_mail_address(place) or place.startswith(schemes):
        return place or None
    raise SettingsError("AUDIT_ANCHOR_TO must be a mail address, an https:// address or off.")


def _whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, str(default))
    if not (value.isascii() and value.isdigit()):
        raise SettingsError(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def _switch(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name, "on" if default else "off").lower()
    if value not in {"on", "off", "true", "false", "1", "0"}:
        raise SettingsError(f"{name} must be on or off.")
    return value in {"on", "true", "1"}


def _instant(env: Mapping[str, str], name: str) -> datetime | None:
    if not (value := env.get(name)):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{name} must be an instant such as 2026-11-21T09:00:00Z.") from None
    if instant.tzinfo is None:
        raise SettingsError(f"{name} needs its offset, for instance a final Z.")
    return instant.astimezone(UTC)
