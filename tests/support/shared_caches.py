"""What the thousands of apps of a test run need not do each for itself.

Nothing here changes an answer. Two things cost less than in production, how a password is hashed
and how long SQLite waits for the disk: a test about these asks for `at_full_cost`.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Blueprint, Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from clinic.accounts.rules import password_hashing
from clinic.foundation.database import transactions
from clinic.web.api.openapi import BookingApi

FULL_COST = (password_hashing.hasher, transactions._prepare_sqlite)


def share() -> None:
    """From now on, in this process."""
    _compile_each_template_once()
    _compile_each_address_once()
    _compile_each_statement_once()
    _describe_the_api_once()
    _collect_garbage_seldom()
    password_hashing.hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    transactions._prepare_sqlite = _prepare_sqlite_for_a_short_life


@contextmanager
def full_cost() -> Iterator[None]:
    """Hash and write as in production for as long as the block runs."""
    cheap = password_hashing.hasher, transactions._prepare_sqlite
    password_hashing.hasher, transactions._prepare_sqlite = FULL_COST
    yield
    password_hashing.hasher, transactions._prepare_sqlite = cheap


def _compile_each_template_once() -> None:
    """What Jinja compiled for one app serves the others of this process.

    Not those of the next run: how a filter is called is compiled in, and filters change. And not
    those of another worker: the first to end would remove what the others still write to.
    """
    owner = os.getpid()
    folder = Path(tempfile.mkdtemp(prefix="templates-of-a-test-run-"))

    def remove() -> None:
        if os.getpid() == owner:  # not a forked child of it
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}


def _compile_each_address_once() -> None:
    """The same for the functions that Werkzeug compiles to write each of some 400 addresses."""
    compile_builder, compiled = Rule._compile_builder, {}

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = once


class _Statements(LRUCache[Any, Any]):
    """Compiled statements of every engine of one kind, as one engine keeps them in production."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._of_any_engine(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._of_any_engine(key), value)

    @staticmethod
    def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *rest = key
        return (dialect.name, dialect.driver, *rest)


def _compile_each_statement_once() -> None:
    """An engine lives for one test only; what SQLAlchemy compiled for it serves the next."""
    statements = _Statements(5_000)
    Engine._compiled_cache = property(lambda _engine: statements, lambda _engine, _its_own: None)


def _describe_the_api_once() -> None:
    """Half of making an app is writing its OpenAPI document, which no setting changes."""
    describe, described = BookingApi.register_blueprint, {}

    def register(api: BookingApi, blueprint: Blueprint) -> None:
        if blueprint.name not in described:
            describe(api, blueprint)
            described[blueprint.name] = api.spec
            return
        api._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = api
        api._app.register_blueprint(blueprint)
        api.spec = described[blueprint.name]

    BookingApi.register_blueprint = register


def _collect_garbage_seldom() -> None:
    """An app is a large circle; looking for such after every 700 objects took a third of the time.

    What was imported stays for good and is looked at no more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 5, 10)


def _prepare_sqlite_for_a_short_life(connection: Any, record: Any) -> None:
    """The file is thrown away whole: nobody waits for the disk."""
    FULL_COST[1](connection, record)
    connection.execute("PRAGMA synchronous = OFF")
