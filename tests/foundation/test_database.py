from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from clinic.foundation.database import session, transaction
from clinic.practice.models import Clinic
from tests.factories import make_clinic


def test_transaction_that_raises_stores_nothing(context):
    clinic = make_clinic()

    with pytest.raises(RuntimeError), transaction() as current:
        current.get(Clinic, clinic.id).name = "Changed"
        raise RuntimeError

    assert session().get(Clinic, clinic.id).name == "Test Clinic"


def test_transaction_inside_a_transaction_joins_it(context):
    with pytest.raises(RuntimeError), transaction():
        make_clinic()
        raise RuntimeError

    assert session().scalar(select(func.count()).select_from(Clinic)) == 0


def test_instants_come_back_aware_and_in_utc(context):
    clinic = make_clinic()
    session().expire_all()

    assert session().get(Clinic, clinic.id).created_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert session().get(Clinic, clinic.id).created_at.tzinfo is UTC
