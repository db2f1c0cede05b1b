"""Anchors outside the database: an old audit log put back, head and all, does not pass."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from clinic.extensions import db
from clinic.foundation import audit, outbox
from clinic.foundation.audit import first_broken_entry
from clinic.foundation.audit_anchors import (
    ANCHORED,
    FILE,
    Anchor,
    AnchorUnreadable,
    anchor_daily,
    anchor_problems,
    last_anchored,
    read_anchor,
    sign_anchor,
    store_anchor,
    stored_anchors,
)
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.foundation.permissions.actors import Actor
from tests.support.databases import POSTGRESQL
from tests.support.factories import NOW, make_clinic

DAY = timedelta(days=1)


@pytest.fixture
def actor(context):
    return Actor(clinic_id=make_clinic().id, name="account:anna")


def write(actor, *actions, now=NOW):
    with transaction() as current:
        for action in actions:
            audit.record(current, action, kind="couple", object_id="c1", actor=actor, now=now)


def anchor_now(now=NOW):
    session().rollback()
    return sign_anchor(session(), now=now)


def set_back(statements):
    """Do what somebody who holds the database can: take the guard off and write."""
    with db.engine.begin() as connection:
        if POSTGRESQL:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        else:
            for event in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER tr_audit_entry_no_{event}"))
        for statement, values in statements:
            connection.execute(text(statement), values)
    session().rollback()
    session().expunge_all()


def test_anchor_names_the_newest_entry_and_fits_the_log_that_goes_on(actor):
    write(actor, "first", "second")
    anchor = anchor_now()
    write(actor, "third")

    entry = session().scalars(select(audit.AuditEntry).where(audit.AuditEntry.seq == 2)).one()
    assert (anchor.seq, anchor.mac, anchor.at) == (2, entry.mac.hex(), "2026-11-23T09:00:00Z")
    assert anchor_problems(session(), [anchor.line]) == []


def test_there_is_no_anchor_before_a_clinic_is_opened(context):
    assert sign_anchor(session(), now=NOW) is None


def test_old_head_put_back_with_its_old_entries_passes_the_chain_but_not_the_anchor(actor):
    write(actor, "first", "second")
    old = session().execute(text("SELECT seq, mac, seal, sealed_by FROM audit_head")).one()
    write(actor, "third")
    anchor = anchor_now()

    set_back(
        [
            ("DELETE FROM audit_entry WHERE seq > 2", {}),
            (
                "UPDATE audit_head SET seq = :seq, mac = :mac, seal = :seal, sealed_by = :sealed_by",
                old._mapping,
            ),
        ]
    )

    assert first_broken_entry(session()) is None
    assert anchor_problems(session(), [anchor.line]) == [
        "entry 3 of the audit log, there at 2026-11-23T09:00:00Z, is gone."
    ]


def test_entry_that_is_another_one_by_now_is_named(actor):
    write(actor, "first")
    old = session().execute(text("SELECT seq, mac, seal, sealed_by FROM audit_head")).one()
    write(actor, "second")
    anchor = anchor_now()
    set_back(
        [
            ("DELETE FROM audit_entry WHERE seq > 1", {}),
            (
                "UPDATE audit_head SET seq = :seq, mac = :mac, seal = :seal, sealed_by = :sealed_by",
                old._mapping,
            ),
        ]
    )
    write(actor, "in its place")

    assert first_broken_entry(session()) is None
    assert anchor_problems(session(), [anchor.line]) == [
        "entry 2 of the audit log is not the one it was at 2026-11-23T09:00:00Z."
    ]


@pytest.mark.parametrize(
    "change", [{"seq": 1}, {"mac": "00" * 32}, {"at": "2026-11-24T09:00:00Z"}, {"signature": ""}]
)
def test_anchor_that_was_changed_was_not_signed_here(actor, change):
    write(actor, "first", "second")
    changed = replace(anchor_now(), **change)

    assert anchor_problems(session(), [changed.line]) == [
        f"The anchor of {changed.at} was not signed here."
    ]


def test_anchor_of_another_installation_and_a_line_that_is_none_are_said(actor):
    elsewhere = replace(anchor_now(), clinic="0" * 32).line

    found = anchor_problems(session(), [elsewhere, "rubbish"])

    beginning = "This anchor cannot be read, or is of another installation: "
    assert found == [f"{beginning}{elsewhere[:80]}", f"{beginning}rubbish"]


ANCHORS = st.builds(
    Anchor,
    at=st.datetimes().map(lambda at: at.isoformat() + "Z"),
    clinic=st.text(alphabet="0123456789abcdef", min_size=32, max_size=32),
    seq=st.integers(0, 2**53),
    mac=st.binary(min_size=32, max_size=32).map(bytes.hex),
    signature=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(ANCHORS)
def test_line_read_again_is_the_same_anchor(anchor):
    assert read_anchor(anchor.line) == anchor


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_other_line_is_refused(line):
    with pytest.raises(AnchorUnreadable):
        read_anchor(line)


@pytest.mark.parametrize(
    "change", [{"seq": "2"}, {"seq": True}, {"clinic": None}, {"at": "today"}, {"signature": "xy"}]
)
def test_line_with_a_wrong_type_is_refused(change):
    good = Anchor(at="2026-11-23T09:00:00Z", clinic="c", seq=2, mac="ab", signature="ab")

    with pytest.raises(AnchorUnreadable):
        read_anchor(json.dumps(asdict(good) | change))


def test_file_holds_each_anchor_once_and_is_for_the_owner_only(actor, tmp_path):
    first, second = anchor_now(), anchor_now(NOW + DAY)

    for anchor in (first, second, first):
        store_anchor(tmp_path, anchor)

    assert stored_anchors(tmp_path) == [first.line, second.line]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_one_anchor_a_day_however_many_workers_ask(actor):
    for hours in (0, 1, 19, 21, 40, 42):
        anchor_daily(now=NOW + timedelta(hours=hours))

    promised = session().scalars(
        select(OutboxMessage.promised_at)
        .where(OutboxMessage.kind == ANCHORED, OutboxMessage.handler == "file")
        .order_by(OutboxMessage.promised_at)
    )
    assert promised.all() == [NOW + timedelta(hours=hours) for hours in (0, 21, 42)]


def test_delivered_anchor_is_in_the_file_and_in_the_clinics_mail(actor, tmp_path):
    write(actor, "first")
    anchor_daily(now=NOW)
    while outbox.deliver_due(now=NOW, lane="letters"):
        pass

    [line] = stored_anchors(tmp_path)
    [mail] = [path.read_bytes() for path in (tmp_path / "mail").glob("*.eml")]
    assert read_anchor(line) == anchor_now()
    assert b"To: clinic@example.org\r\n" in mail
    assert b"Subject: Clinic: Daily anchor of the audit log\r\n" in mail
    assert line.encode() in mail.replace(b"=\r\n", b"").replace(b"=3D", b"=")


def test_last_anchor_else_the_first_entry_says_since_when_none_was_made(actor):
    assert last_anchored(session(), []) is None
    write(actor, "first")
    write(actor, "second", now=NOW + DAY)

    assert last_anchored(session(), []) == NOW
    assert last_anchored(session(), [anchor_now(NOW + 2 * DAY).line, "x"]) == NOW + 2 * DAY
