"""Alembic's environment: the one place where migrations meet the application's metadata."""

import logging
from logging.config import fileConfig

import clinic.models  # noqa: F401 - completes the metadata
from alembic import context
from clinic.foundation.database.transactions import Base, UtcDateTime
from flask import current_app

if not logging.getLogger().handlers:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

target_metadata = Base.metadata


def include_object(item, name, kind, reflected, compare_to):
    """Leave out what only one database has (the exclusion constraint's index)."""
    return not (kind == "index" and reflected and name == "ex_appointment_no_overlap")


def render_item(kind, item, autogen_context):
    """Write our own types as what they are in the database: migrations import nothing of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run_migrations() -> None:
    """Run in one transaction, on the connection of the app (or of a test)."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            render_as_batch=True,
            compare_type=False,
            include_object=include_object,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database, not offline.")
run_migrations()
