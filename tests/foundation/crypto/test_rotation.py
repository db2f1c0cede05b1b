"""The master key is changed while the clinic works; nothing is lost, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from threading import Event, Thread

import pytest
import sqlalchemy as sa

from app import create_app
from clinic.extensions import db
from clinic.foundation.crypto.data_keys import KeyPurpose, WrappedKey, create_keys, data_key
from clinic.foundation.crypto.key_wrapping import KeyRing, MasterKeyMissing, generate_key
from clinic.foundation.crypto.rotation import (
    MasterCount,
    count_by_master,
    rotate_keys,
)
from clinic.foundation.database.transactions import session, transaction
from tests.conftest import KEY
from tests.support.factories import NOW, make_care_couple, make_clinic, make_signed_note
from tests.support.paths import ROOT

NEW = generate_key()
OLD_ID = KeyRing.parse(KEY).newest.id
NEW_ID = KeyRing.parse(NEW).newest.id


def with_keys(app, text):
    app.extensions["key_ring"] = KeyRing.parse(text)
    session().info.pop("data_keys", None)


def make_many(count):
    owners = [f"{number:032x}" for number in range(count)]
    with transaction() as current:
        for owner in owners:
            create_keys(current, owner=owner)
    return {owner: data_key(owner).secret for owner in owners}


def all_open(secrets):
    session().info.pop("data_keys", None)
    session().rollback()
    return {owner: data_key(owner).secret for owner in secrets} == secrets


def test_rotation_moves_every_key_and_the_old_master_may_go(context):
    make_clinic()
    secrets = make_many(120)
    with_keys(context, f"{NEW},{KEY}")

    done = [progress.done for progress in rotate_keys()]

    assert done == [50, 100, 124]
    assert sorted(count_by_master(), key=lambda one: one.keys) == [
        MasterCount(OLD_ID, 0, is_newest=False, is_known=True),
        MasterCount(NEW_ID, 124, is_newest=True, is_known=True),
    ]
    with_keys(context, NEW)
    assert all_open(secrets)


def test_second_rotation_finds_nothing_to_do(context):
    make_many(3)
    with_keys(context, f"{NEW},{KEY}")
    list(rotate_keys())

    assert list(rotate_keys()) == []


def test_rotation_without_the_old_key_stops_before_it_changes_anything(context):
    make_many(3)
    with_keys(context, NEW)

    with pytest.raises(MasterKeyMissing):
        list(rotate_keys())

    assert [(one.master, one.keys, one.is_known) for one in count_by_master()] == [
        (NEW_ID, 0, True),
        (OLD_ID, 3, False),
    ]


def test_key_that_somebody_else_changed_meanwhile_is_left_to_them(context):
    make_many(2)
    with_keys(context, f"{NEW},{KEY}")
    first, second = rotate_keys(batch=1), rotate_keys(batch=1)

    assert [next(first).done, next(second).done, list(first), list(second)] == [1, 1, [], []]
    assert {one.master: one.keys for one in count_by_master()} == {NEW_ID: 2, OLD_ID: 0}


def test_notes_are_written_and_read_while_keys_are_rotated(app):
    with app.app_context():
        couple = make_care_couple()
        secrets = make_many(60)
        db.session.remove()
    with app.app_context():
        with_keys(app, f"{NEW},{KEY}")
    over, failures, written = Event(), [], []

    def work():
        with app.app_context():
            day = 0
            while not over.is_set() or not written:
                try:
                    at = NOW.replace(month=10, day=1 + day % 28, hour=8 + day % 10)
                    written.append(make_signed_note(couple, at=at))
                except Exception as error:
                    failures.append(error)
                    return
                finally:
                    db.session.remove()
                day += 1
                time.sleep(0.05)  # between two notes a therapist takes a breath, SQLite too

    thread = Thread(target=work)
    thread.start()
    with app.app_context():
        for _ in rotate_keys(batch=10):
            time.sleep(0.005)
        over.set()
        thread.join()
        with_keys(app, NEW)
        assert (failures, len(written) > 0, all_open(secrets)) == ([], True, True)


SCRIPT = """
import sys, time
from pathlib import Path
from app import create_app
from tests.conftest import settings_for
from clinic.foundation.crypto.rotation import rotate_keys
app = create_app(settings_for(Path(sys.argv[1]), sys.argv[2], encryption_keys=sys.argv[3]))
with app.app_context():
    for progress in rotate_keys(batch=3):
        print(progress.done, flush=True)
        time.sleep(0.01)
"""


def test_rotation_killed_five_times_resumes_and_loses_nothing(app, settings):
    with app.app_context():
        make_clinic()
        secrets = make_many(150)
        db.session.remove()
    counts = []
    for kill in range(5):
        rotation = subprocess.Popen(
            [
                sys.executable,
                "-c",
                SCRIPT,
                str(settings.instance),
                settings.database_url,
                f"{NEW},{KEY}",
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": "."},
            stdout=subprocess.PIPE,
        )
        for _ in range(kill + 1):
            rotation.stdout.readline()
        rotation.send_signal(signal.SIGKILL)
        rotation.wait()
        rotation.stdout.close()
        with app.app_context():
            counts.append({one.master: one.keys for one in count_by_master()}.get(NEW_ID, 0))
            assert all_kept(settings, secrets)
            db.session.remove()

    with app.app_context():
        with_keys(app, f"{NEW},{KEY}")
        list(rotate_keys())
        left = {one.master: one.keys for one in count_by_master()}
        assert (counts == sorted(counts), counts[-1] > 0, left[OLD_ID]) == (True, True, 0)
        with_keys(app, NEW)
        assert all_open(secrets)


def all_kept(settings, secrets):
    other = create_app(replace(settings, encryption_keys=f"{NEW},{KEY}"))
    with other.app_context():
        kept = all_open(secrets)
        db.session.remove()
        db.engine.dispose()
    return kept


def test_every_purpose_is_rotated(context):
    clinic = make_clinic()
    with_keys(context, f"{NEW},{KEY}")

    list(rotate_keys())

    with_keys(context, NEW)
    purposes = session().scalars(sa.select(WrappedKey.purpose)).all()
    for purpose in purposes:
        data_key(clinic.id, KeyPurpose(purpose))
    assert len(purposes) == 4
