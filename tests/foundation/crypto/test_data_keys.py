"""Data keys serve their owner and purpose alone, and the settings' master keys must open them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app import create_app
from clinic.extensions import db
from clinic.foundation.crypto.data_keys import (
    KeyMissing,
    KeyPurpose,
    WrappedKey,
    check_keys,
    create_keys,
    data_key,
)
from clinic.foundation.crypto.encryption import SealBroken
from clinic.foundation.crypto.key_wrapping import KeyRing, MasterKeyMissing, generate_key, rewrap
from clinic.foundation.database.transactions import new_id, session, transaction
from tests.conftest import KEY, settings_for
from tests.support.factories import make_clinic, make_practice
from tests.support.sealed_couples import overwrite, two_couples_book, two_people


@pytest.fixture
def two_couples(context):
    two_couples_book()


def test_wrapped_key_of_one_couple_does_not_serve_another(two_couples):
    first, second = (one.seal_owner for one in two_people())
    stolen = session().scalar(select(WrappedKey.wrapped).where(WrappedKey.owner == second))
    own = session().scalar(select(WrappedKey.id).where(WrappedKey.owner == first))
    overwrite(WrappedKey, own, wrapped=stolen)

    with pytest.raises(SealBroken):
        data_key(first)


def test_each_purpose_of_the_clinic_has_a_key_of_its_own(context):
    clinic = make_clinic()

    keys = {
        data_key(clinic.id, purpose).secret
        for purpose in (KeyPurpose.RECORD, KeyPurpose.INDEX, KeyPurpose.LINKS, KeyPurpose.AUDIT)
    }

    assert len(keys) == 4
    with pytest.raises(KeyMissing):
        data_key(clinic.id, KeyPurpose.PROCESS_NOTES)


# --- Do the master keys of the settings open this database? ---------------------------------


@pytest.fixture
def reopened(settings):
    """`reopened(keys)`: the same database with other master keys in the settings."""
    made = []

    def reopen(keys):
        app = create_app(
            settings_for(settings.instance, settings.database_url, encryption_keys=keys)
        )
        made.append(app)
        return app

    yield reopen
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def with_a_couple(app):
    with app.app_context():
        two_couples_book()
        db.session.remove()
    return app


def test_keys_fit_an_empty_database_and_the_one_they_were_made_with(context):
    check_keys()
    make_practice()
    check_keys()


def test_database_under_another_master_key_is_refused_and_the_key_named(with_a_couple, reopened):
    with reopened(generate_key()).app_context(), pytest.raises(MasterKeyMissing) as refused:
        check_keys()

    needed = KeyRing.parse(KEY).newest.id
    assert needed in str(refused.value)
    assert KEY not in str(refused.value)


def test_one_couple_under_a_master_key_that_is_gone_is_enough_to_refuse(with_a_couple, reopened):
    other = generate_key()
    with reopened(f"{other},{KEY}").app_context():
        both = KeyRing.parse(f"{other},{KEY}")
        row = session().scalars(select(WrappedKey).order_by(WrappedKey.id.desc())).first()
        new = rewrap(both, row.wrapped, data_key_id=row.id, owner=row.owner)
        overwrite(WrappedKey, row.id, wrapped=new)
        check_keys()

    with with_a_couple.app_context(), pytest.raises(MasterKeyMissing):
        check_keys()


def test_data_key_that_was_damaged_in_the_database_is_found(context):
    make_clinic()
    with transaction() as current:
        create_keys(current, owner=new_id())
    for row_id, wrapped in session().execute(select(WrappedKey.id, WrappedKey.wrapped)).all():
        overwrite(WrappedKey, row_id, wrapped=wrapped[:-1] + bytes([wrapped[-1] ^ 1]))

    with pytest.raises(SealBroken):
        check_keys()


def test_pages_answer_503_until_the_keys_fit_and_health_stays_up(with_a_couple, reopened, caplog):
    wrong = reopened(generate_key()).test_client()

    assert {
        path: wrong.get(path).status_code for path in ("/", "/readyz", "/login", "/healthz")
    } == {
        "/": 503,
        "/readyz": 503,
        "/login": 503,
        "/healthz": 200,
    }
    assert "CLINIC_ENCRYPTION_KEYS does not fit this database" in caplog.text
    assert KEY not in caplog.text
    assert wrong.get("/api/v1/therapists").json["type"] == "http://localhost/problems/unavailable"
    right = reopened(KEY).test_client()
    assert {path: right.get(path).status_code for path in ("/", "/readyz")} == {
        "/": 200,
        "/readyz": 200,
    }


def test_worker_does_not_start_with_keys_that_do_not_fit(with_a_couple, reopened):
    result = reopened(generate_key()).test_cli_runner().invoke(args=["worker", "--once"])

    assert result.exit_code == 1
    assert result.output.startswith("Error: The master key ")
    assert result.output.count("\n") == 1


def test_serving_does_not_start_with_keys_that_do_not_fit(with_a_couple, reopened, monkeypatch):
    app = reopened(generate_key())
    started = []
    monkeypatch.setattr(
        "clinic.operations.serve.SupervisedProcess", lambda *part: started.append(part)
    )
    monkeypatch.setattr("clinic.operations.serve._port_must_be_free", lambda _port: None)

    result = app.test_cli_runner().invoke(args=["serve"])

    assert (result.exit_code, started) == (1, [])
    assert "Error: The master key " in result.output
    assert "Traceback" not in result.output
