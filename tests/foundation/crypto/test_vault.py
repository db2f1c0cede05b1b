"""What is sealed opens where it was sealed, with the keys it was sealed with, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import delete, select, update

from app import create_app
from clinic.booking.appointments.models import Appointment, AppointmentChange
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.foundation.crypto.encryption import (
    KeyRing,
    MasterKeyMissing,
    PlaceIncomplete,
    SealBroken,
    generate_key,
    rewrap,
)
from clinic.foundation.crypto.vault import (
    KeyMissing,
    KeyPurpose,
    WrappedKey,
    check_keys,
    create_keys,
    data_key,
    derived_token,
    index_of,
    random_token,
    token_hash,
)
from clinic.foundation.database.transactions import new_id, session, transaction
from tests.conftest import KEY, settings_for
from tests.support.factories import a_request, make_appointment, make_clinic, make_practice

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def two_couples(context):
    two_couples_book()


def two_couples_book():
    """Two couples book once each, with names, addresses and messages."""
    practice = make_practice()
    for number, name in enumerate(("Alex", "Bo")):
        person = a_request(TEN).partner.__class__(
            name=f"{name} Example",
            email=f"{name.lower()}@example.org",
            time_zone="Europe/Lisbon",
            language="en",
        )
        start = TEN + timedelta(hours=number)
        make_appointment(practice, start, partner=person, message=f"{name} wrote this.")
    forget_keys()


def forget_keys():
    session().rollback()
    session().expunge_all()
    session().info.clear()


def put(table, row_id, **values):
    """Write into the database past the models, and read everything anew."""
    with transaction() as current:
        current.execute(update(table).where(table.id == row_id).values(**values))
    forget_keys()


def two_people():
    return session().scalars(select(Partner).order_by(Partner.id)).all()


def test_sealed_texts_are_read_back_and_the_database_holds_no_byte_of_them(two_couples):
    names = {person.name for person in two_people()}

    assert names == {"Alex Example", "Bo Example"}
    for person in two_people():
        for sealed in (person.name_sealed, person.email_sealed, person.email_index):
            for part in (b"Alex", b"alex", b"Bo E", b"bo@", b"xample"):
                assert part not in sealed


def test_same_text_is_never_sealed_to_the_same_bytes(two_couples):
    with transaction():
        person = two_people()[0]
        before, person.name = person.name_sealed, person.name

    assert person.name_sealed != before


def test_value_copied_to_another_row_column_or_owner_does_not_open(two_couples):
    first, second = two_people()
    places = [
        (first.id, "name_sealed", first.name_sealed),
        (first.id, "email_sealed", first.email_sealed),
        (second.id, "name_sealed", second.name_sealed),
        (second.id, "email_sealed", second.email_sealed),
    ]
    refused = 0
    for (_from, _column, value), (row_id, column, original) in permutations(places, 2):
        put(Partner, row_id, **{column: value})
        person = session().get_one(Partner, row_id)
        with pytest.raises(SealBroken):
            getattr(person, column.removesuffix("_sealed"))
        refused += 1
        put(Partner, row_id, **{column: original})

    assert refused == 12
    assert {person.name for person in two_people()} == {"Alex Example", "Bo Example"}


def test_value_copied_to_another_table_of_the_same_couple_does_not_open(two_couples):
    query = select(Appointment.id, Partner.name_sealed).join(
        Partner, Partner.seal_owner == Appointment.couple_id
    )
    row_id, name_sealed = session().execute(query).first()

    put(Appointment, row_id, message_sealed=name_sealed)

    with pytest.raises(SealBroken):
        _ = session().get_one(Appointment, row_id).message


def test_row_claimed_by_another_couple_does_not_open(two_couples):
    first, second = two_people()
    row_id = first.id

    put(Partner, row_id, seal_owner=second.seal_owner)

    with pytest.raises(SealBroken):
        _ = session().get_one(Partner, row_id).name


def test_each_changed_byte_is_refused(two_couples):
    person = two_people()[0]
    whole = person.name_sealed

    for position in range(len(whole)):
        broken = bytearray(whole)
        broken[position] ^= 1
        person.name_sealed = bytes(broken)
        with pytest.raises(SealBroken):
            _ = person.name
    session().rollback()


def test_nothing_is_sealed_for_a_row_without_an_id_or_an_owner(two_couples):
    person = two_people()[0]
    owner = person.seal_owner

    with pytest.raises(PlaceIncomplete):
        Partner(id=None, seal_owner=owner).name = "Alex"
    with pytest.raises(KeyMissing):
        Partner(id=new_id(), seal_owner=None).name = "Alex"


def test_attribute_that_was_never_set_is_none_and_can_be_emptied(two_couples):
    with transaction():
        person = two_people()[0]
        person.name = None

    assert (person.name, person.name_sealed) == (None, None)
    change = session().scalars(select(AppointmentChange)).first()
    assert change.reason is None


def test_without_a_couples_key_its_texts_stay_locked_and_it_is_said(two_couples):
    (first, owner), (second, _owner) = [(one.id, one.seal_owner) for one in two_people()]
    with transaction() as current:
        current.execute(delete(WrappedKey).where(WrappedKey.owner == owner))
    forget_keys()

    with pytest.raises(KeyMissing):
        _ = session().get_one(Partner, first).name
    assert session().get_one(Partner, second).name in {"Alex Example", "Bo Example"}


def test_wrapped_key_of_one_couple_does_not_serve_another(two_couples):
    first, second = (one.seal_owner for one in two_people())
    stolen = session().scalar(select(WrappedKey.wrapped).where(WrappedKey.owner == second))
    own = session().scalar(select(WrappedKey.id).where(WrappedKey.owner == first))
    put(WrappedKey, own, wrapped=stolen)

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


def test_blind_index_finds_the_same_address_however_it_is_written_and_no_other(context):
    clinic = make_clinic()

    def index(value, purpose="person-email"):
        return index_of(clinic.id, value, purpose=purpose)

    assert index("alex@example.org") == index(" Alex@Example.ORG ")
    assert index("alex@example.org") != index("alec@example.org")
    assert index("alex@example.org") != index("alex@example.org", purpose="account-email")
    assert len(index("alex@example.org")) >= 16


def test_blind_index_of_another_clinic_is_another(context):
    one, other = make_clinic(), make_clinic(slug="other")

    assert index_of(one.id, "alex@example.org", purpose="person-email") != index_of(
        other.id, "alex@example.org", purpose="person-email"
    )


def test_derived_token_is_the_same_again_and_differs_with_every_part(context):
    clinic = make_clinic()
    token = derived_token(clinic.id, "manage", "link", "1")

    assert token == derived_token(clinic.id, "manage", "link", "1")
    assert len(token) == 43
    others = [
        ("manage", "link", "2"),
        ("manage", "link1", ""),
        ("manage", "lin", "k1"),
        ("manage",),
    ]
    assert len({token, *(derived_token(clinic.id, *parts) for parts in others)}) == 5


def test_random_tokens_are_long_and_only_their_hash_need_be_kept():
    tokens = {random_token() for _ in range(100)}

    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert len(token_hash("x")) == 32
    assert token_hash("\ud800") != token_hash("x")


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
        put(WrappedKey, row.id, wrapped=new)
        check_keys()

    with with_a_couple.app_context(), pytest.raises(MasterKeyMissing):
        check_keys()


def test_data_key_that_was_damaged_in_the_database_is_found(context):
    make_clinic()
    with transaction() as current:
        create_keys(current, owner=new_id())
    for row_id, wrapped in session().execute(select(WrappedKey.id, WrappedKey.wrapped)).all():
        put(WrappedKey, row_id, wrapped=wrapped[:-1] + bytes([wrapped[-1] ^ 1]))

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
