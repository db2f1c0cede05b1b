from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic.foundation.audit import first_broken_entry
from clinic.foundation.database.transactions import session
from clinic.foundation.errors import NotFound
from clinic.practice.clinic.clinics import holds_made_up_clinic, the_clinic
from clinic.practice.models import Clinic
from tests.support.factories import NOW, make_clinic

pytestmark = pytest.mark.usefixtures("context")


def test_a_clinic_is_opened_with_its_details_and_a_whole_audit_log():
    clinic = make_clinic(language="pt")

    assert (clinic.slug, clinic.name, clinic.short_name, clinic.time_zone) == (
        "seam",
        "Test Clinic",
        "Clinic",
        "Europe/Lisbon",
    )
    assert (clinic.email, clinic.language, clinic.is_demo, clinic.created_at) == (
        "clinic@example.org",
        "pt",
        False,
        NOW,
    )
    assert first_broken_entry(session()) is None


def test_the_clinic_of_an_installation_is_the_first_one_opened():
    make_clinic(slug="second", now=NOW + timedelta(days=1))
    first = make_clinic(slug="first")

    assert the_clinic() == first
    assert len(session().scalars(select(Clinic)).all()) == 2


def test_before_a_clinic_is_opened_there_is_none():
    with pytest.raises(NotFound, match="No clinic has been set up here yet"):
        the_clinic()


def test_a_made_up_clinic_is_found_beside_a_real_one():
    make_clinic()
    assert holds_made_up_clinic() is False
    make_clinic(slug="demo", is_demo=True)
    assert holds_made_up_clinic() is True
