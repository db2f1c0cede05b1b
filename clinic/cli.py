"""The flask commands; each calls one service."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, BinaryIO, TextIO

import click
from flask import Flask
from flask.cli import AppGroup, ScriptInfo, pass_script_info, with_appcontext

from clinic.accounts.administration.service import create_account
from clinic.booking.appointments.json_list import list_appointments
from clinic.booking.rules.contact_details import check_email, check_time_zone
from clinic.calendars.imported.preview_range import window_between
from clinic.calendars.imported.reader.limits import MAX_CALENDAR_BYTES, OutsideBroken
from clinic.calendars.imported.reader_process import preview_calendar
from clinic.command_line import one_line, print_text, show
from clinic.config import current_settings
from clinic.extensions import db
from clinic.foundation import audit, outbox
from clinic.foundation.audit_anchors import (
    OVERDUE_AFTER,
    anchor_problems,
    last_anchored,
    stored_anchors,
)
from clinic.foundation.clock import clock
from clinic.foundation.crypto.data_keys import check_keys
from clinic.foundation.crypto.rotation import count_by_master, rotate_keys
from clinic.foundation.database.transactions import session
from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.foundation.errors import ClinicError
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.pages.overview import couple_ledger
from clinic.notes.record_file.export_record import export_record
from clinic.notes.record_file.import_record import RecordRefused, import_record
from clinic.notes.record_file.unreadable_texts import find_unreadable_texts
from clinic.operations.serve import serve
from clinic.operations.worker import run_worker
from clinic.practice.clinic.clinics import open_clinic, the_clinic
from clinic.practice.clinic.queries import get_therapist
from clinic.practice.instruments.service import add_instrument, list_instruments, retire_instrument
from clinic.practice.rules.instruments import InstrumentBroken
from clinic.sample_data.demo import load_demo
from clinic.sample_data.load_test import Amounts, generate
from clinic.scheduling_services.sent.reconcile import reconcile_all

appointments = AppGroup("appointments", help="Appointments, for people and programs.")
calendars = AppGroup("calendars", help="Calendars elsewhere.")
audit_log = AppGroup("audit", help="The audit log.")
letters = AppGroup("outbox", help="Promised effects.")
clinics = AppGroup("clinic", help="The clinic of this installation.")
staff = AppGroup("accounts", help="Who can sign in.")
sync = AppGroup("sync", help="Scheduling services.")
couples = AppGroup("couples", help="Couples' records as files.")
instruments = AppGroup("instruments", help="Questionnaires the clinic may use.")
keys = AppGroup("keys", help="The keys that lock the records.")


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    for command in (
        demo,
        generate_command,
        worker,
        serve_command,
        appointments,
        calendars,
        audit_log,
        letters,
        clinics,
        staff,
        sync,
        couples,
        instruments,
        keys,
        ledger_command,
    ):
        app.cli.add_command(command)


@click.command("demo")
@click.option("--json", "as_json", is_flag=True, help="Print what demo.json holds.")
@with_appcontext
@one_line
def demo(as_json: bool) -> None:  # noqa: FBT001 - click passes flags by name
    """Fill an empty database with the made-up demo clinic."""
    found = load_demo(current_settings(), now=clock.now())
    if as_json:
        show(found, as_json=True)
        return
    print_text("The demo clinic is there. It and everyone in it are made up. Sign-ins:")
    for account in found["accounts"]:
        print_text(f"  {account['role']:<11} {account['email']:<32} {account['password']}")


@click.command("generate")
@click.option("--past", default=0, help="Past appointments of each therapist.")
@click.option("--future", default=0, help="Coming appointments of each therapist.")
@click.option("--busy", default=0, help="Busy times from outside calendars.")
@click.option("--feed-events", default=0, help="Appointments within the window of the feeds.")
@click.option("--therapists", default=1)
@click.option("--couples", default=1)
@click.option("--notes", default=0, help="Signed notes of the first couple; a few of each other.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def generate_command(*, as_json: bool, **amounts: int) -> None:
    """Fill an empty instance for load tests; print what was made."""
    settings = current_settings()
    found = generate(Amounts(**amounts), settings=settings, now=clock.now())
    show(found, as_json=as_json)


@clinics.command("open")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--short-name", required=True, help="What mails and calendars call it.")
@click.option("--time-zone", required=True, help="IANA name, for instance Europe/Lisbon.")
@click.option("--email", required=True)
@click.option("--language", type=click.Choice(["en", "pt"]), default="en")
@with_appcontext
@one_line
def open_command(**details: Any) -> None:
    """Open a clinic in a new installation."""
    if problems := check_time_zone(details["time_zone"]) + check_email(details["email"]):
        raise ClinicError(problems[0])
    clinic = open_clinic(**details, now=clock.now())
    print_text(f"{clinic.name} is open. Next: flask accounts create EMAIL --role admin")


@staff.command("create")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, type=click.Choice([one.value for one in Role]))
@click.option("--therapist", help="The slug of the therapist this account belongs to.")
@click.password_option()
@with_appcontext
@one_line
def create_account_command(
    email: str, name: str, roles: tuple[str, ...], therapist: str | None, password: str
) -> None:
    """Make an account that can sign in; the password is asked for."""
    clinic = the_clinic()
    create_account(
        email=email,
        name=name,
        password=password,
        roles=[Role(role) for role in roles],
        therapist_id=get_therapist(clinic.id, therapist).id if therapist else None,
        actor=Actor(clinic_id=clinic.id, name="system:cli", is_system=True),
        now=clock.now(),
    )
    print_text("The account is there.")


@click.command("worker")
@click.option("--once", is_flag=True, help="Deliver what is due, then end.")
@pass_script_info
@with_appcontext
@one_line
def worker(info: ScriptInfo, once: bool) -> None:  # noqa: FBT001
    """Deliver promised effects: mail, calendar changes, calls to other services."""
    check_keys()
    end_read_before_waiting()  # this command's own session does nothing more
    if once:
        while outbox.deliver_due(now=clock.now()):
            db.session.remove()
        return
    run_worker(info.load_app())


@click.command("serve")
@with_appcontext
@one_line
def serve_command() -> None:
    """Migrate, load the demo when the database is empty, and serve with a worker."""
    serve(current_settings())


@appointments.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.option("--external-id")
@click.option("--source", type=click.Choice(["site", "calcom", "calendly", "staff"]))
@with_appcontext
@one_line
def list_command(as_json: bool, external_id: str | None, source: str | None) -> None:  # noqa: FBT001
    """List appointments by start."""
    show(list_appointments(external_id=external_id, source=source), as_json=as_json)


@calendars.command("preview")
@click.argument("file", type=click.File("rb"))
@click.option("--from", "first", required=True, help="An instant, such as 2026-12-01T00:00:00Z.")
@click.option("--to", "last", required=True, help="An instant after it.")
@click.option("--zone", required=True, help="The therapist's time zone, such as Europe/Lisbon.")
@click.option("--json", "as_json", is_flag=True)
@one_line
def preview_command(file: BinaryIO, first: str, last: str, zone: str, as_json: bool) -> None:  # noqa: FBT001
    """Print what an imported calendar would block, and what in it cannot be used."""
    window = window_between(first, last, zone=zone)
    found = preview_calendar(file.read(MAX_CALENDAR_BYTES + 1), window=window, zone=zone)
    if as_json:
        show(found, as_json=True)
    elif "error" in found:
        raise OutsideBroken(found["error"])
    else:
        lines = [" to ".join(span) for span in found["busy"]] + found["warnings"]
        print_text("\n".join(lines) or "Nothing is busy.")


@sync.command("reconcile")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def reconcile_command(as_json: bool) -> None:  # noqa: FBT001
    """Compare with Cal.com, make both sides equal, and list what differed."""
    found = [one.as_row() for one in reconcile_all(now=clock.now())]
    if found or as_json:
        show(found, as_json=as_json)
    else:
        print_text("Both sides agree.")


@audit_log.command("verify")
@click.option(
    "--anchor", "received", multiple=True, help="A line that was sent by mail or webhook."
)
@with_appcontext
@one_line
def verify_audit(received: tuple[str, ...]) -> None:
    """Check that the audit log is whole and still holds what each anchor of it names."""
    broken = audit.first_broken_entry(session())
    problems = [] if broken is None else [f"entry {broken} of the audit log does not fit."]
    stored = stored_anchors(current_settings().instance)
    problems += anchor_problems(session(), [*stored, *received])
    last = last_anchored(session(), [*stored, *received])
    if last is not None and last < clock.now() - OVERDUE_AFTER:
        problems.append(f"it has had no anchor since {last:%Y-%m-%d}: is a worker running?")
    for problem in problems:
        print_text(f"Error: {problem}", err=True)
    if problems:
        sys.exit(1)
    print_text("The audit log is whole.")


@letters.command("redeliver")
@click.argument("message_id", type=int)
@with_appcontext
@one_line
def redeliver(message_id: int) -> None:
    """Send a dead or waiting message again."""
    outbox.redeliver(message_id, now=clock.now())
    print_text("It is in front of the queue again.")


def _operator() -> Actor:
    """Whoever may run commands on the server; the audit log calls them so."""
    return Actor(clinic_id=the_clinic().id, name="system:command", is_system=True)


@click.command("ledger")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def ledger_command(code: str, as_json: bool) -> None:  # noqa: FBT001
    """Show the measures of a couple's course."""
    _course, ledger = couple_ledger(code, actor=_operator(), now=clock.now())
    found = ledger.to_json()
    if as_json:
        show(found, as_json=True)
        return
    for name, value in found.items():
        print_text(f"{name}: {json.dumps(value, ensure_ascii=False)}")


@couples.command("export")
@click.argument("code")
@with_appcontext
@one_line
def export_command(code: str) -> None:
    """Print a couple's record as one JSON document."""
    print_text(export_record(code, actor=_operator(), now=clock.now()), nl=False)


@couples.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@with_appcontext
@one_line
def import_command(file: Any) -> None:
    """Store a couple's record from a file: all of it or, with every problem named, nothing."""
    try:
        code = import_record(file.read(), now=clock.now())
    except UnicodeDecodeError:
        print_text("the file: This is not a text in UTF-8.", err=True)
        sys.exit(1)
    except RecordRefused as refused:
        for place, said in refused.problems:
            print_text(f"{place or 'the file'}: {said}", err=True)
        sys.exit(1)
    print_text(f"{code} is there.")


@couples.command("unreadable")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
@one_line
def unreadable_command(as_json: bool) -> None:  # noqa: FBT001
    """List the texts that are shown with marks for characters refused by now; never the text."""
    found = [asdict(one) for one in find_unreadable_texts()]
    if found or as_json:
        show(found, as_json=as_json)
    else:
        print_text("Every text can be shown as it was written.")


@keys.command("rotate")
@with_appcontext
@one_line
def rotate_command() -> None:
    """Lock every record's key with the newest master key; can be stopped and begun again."""
    for progress in rotate_keys():
        print_text(f"{progress.done} of {progress.total}")
    for one in count_by_master():
        state = "in use" if one.keys else "may be taken out of CLINIC_ENCRYPTION_KEYS"
        print_text(f"{one.master}: {one.keys} ({'newest' if one.is_newest else state})")


@instruments.command("add")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@with_appcontext
@one_line
def add_instrument_command(file: TextIO) -> None:
    """Add an instrument's definition file to the clinic's instruments, or name every problem."""
    try:
        found = add_instrument(file.read(), actor=_operator(), now=clock.now())
    except InstrumentBroken as refused:
        for problem in refused.problems:
            print_text(problem, err=True)
        sys.exit(1)
    print_text(f"{found.label} is on the shelf.")


@instruments.command("list")
@with_appcontext
@one_line
def list_instruments_command() -> None:
    """Show what is on the shelf."""
    for one in list_instruments(the_clinic().id):
        retired = "  (retired)" if one.retired_at else ""
        print_text(f"{one.instrument.label}  {one.instrument.name}{retired}")


@instruments.command("retire")
@click.argument("code")
@click.argument("version")
@click.argument("language")
@with_appcontext
@one_line
def retire_instrument_command(code: str, version: str, language: str) -> None:
    """Offer an instrument no longer; what was scored by it stays."""
    retire_instrument(code, version, language, actor=_operator(), now=clock.now())
    print_text("It is no longer offered.")
