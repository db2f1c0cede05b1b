from __future__ import annotations

import pytest
from flask import g

from clinic.accounts.browser.datastore import AccountDatastore
from clinic.extensions import db
from clinic.foundation.database.transactions import transaction
from tests.support.factories import make_account, make_clinic


@pytest.fixture
def account(context):
    return make_account(make_clinic())


@pytest.fixture
def datastore():
    return AccountDatastore()


def test_an_account_is_found_by_its_address_however_it_is_written(account, datastore):
    g.clinic_id = account.clinic_id

    assert datastore.find_user(email="INES.Duarte@example.org") == account
    assert datastore.find_user(email="somebody@example.org") is None


def test_an_address_is_looked_up_in_the_clinic_of_the_request_only(account, datastore):
    assert datastore.find_user(email="ines.duarte@example.org") is None
    g.clinic_id = make_clinic(slug="other").id
    assert datastore.find_user(email="ines.duarte@example.org") is None


def test_an_account_is_found_by_the_id_in_its_cookie(account, datastore):
    assert datastore.find_user(fs_uniquifier=account.fs_uniquifier) == account
    assert datastore.find_user(case_insensitive=True, id=account.id) == account
    assert datastore.find_user(id="0" * 32) is None


def test_there_are_no_roles_of_the_library(datastore):
    assert datastore.find_role("admin") is None


def test_a_change_outside_a_transaction_is_refused(account, datastore):
    account.language = "pt"

    with pytest.raises(RuntimeError, match="outside a transaction"):
        datastore.commit()
    db.session.rollback()
    datastore.commit()
    assert account.language == "en"


def test_a_change_inside_a_transaction_is_stored_by_it(account, datastore):
    with transaction() as current:
        current.get_one(type(account), account.id).language = "pt"
        datastore.commit()

    db.session.expire_all()
    assert account.language == "pt"
