from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from clinic.foundation.audit import AuditEntry
from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    SignInNeeded,
)
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.clinic.page_queries import (
    clinic_details,
    session_type_details,
    therapist_profile,
)
from clinic.practice.clinic.service import (
    create_session_type,
    create_therapist,
    update_clinic,
    update_session_type,
    update_therapist,
)
from clinic.practice.models import SessionType, Therapist
from clinic.practice.rules.edit_commands import ClinicDetails, SessionTypeDetails, TherapistProfile
from tests.support.factories import make_clinic, make_session_type, make_therapist

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RUI = TherapistProfile(
    slug="rui-sousa",
    name="Rui Sousa",
    title={"en": "Couple therapist", "pt": "Terapeuta de casal"},
    biography={"en": "Works mostly in the evening."},
    email="rui@example.org",
    time_zone="Atlantic/Azores",
    languages=("pt", "en"),
    formats=("online",),
    modalities=("efct", "cbct"),
    concerns=(),
    max_sessions_per_day=6,
    sort=2,
)
FOLLOW_UP = SessionTypeDetails(
    slug="session",
    name={"en": "Session", "pt": "Sessão"},
    length_minutes=75,
    buffer_after_minutes=15,
    notice_minutes=90,
    formats=("in_person", "online"),
    audience="existing",
    max_per_day=4,
    needs_confirmation=True,
    therapists=("ines-duarte",),
)


def staff(clinic, *roles, therapist_id=None):
    return Actor(
        clinic_id=clinic.id,
        name="account:test",
        account_id="test",
        roles=frozenset(roles),
        therapist_id=therapist_id,
    )


def admin_of(clinic):
    return staff(clinic, Role.ADMIN)


def revisions():
    return dict(session().execute(select(Therapist.slug, Therapist.diary_revision)).all())


def actions():
    return list(session().scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def test_a_new_therapist_is_stored_whole(context):
    clinic = make_clinic()

    create_therapist(RUI, actor=admin_of(clinic), now=NOW)

    assert therapist_profile(clinic.id, "rui-sousa") == RUI
    assert actions() == ["therapist.added"]


def test_a_changed_profile_is_stored_and_raises_the_diary(context):
    clinic = make_clinic()
    make_therapist(clinic)
    changed = replace(RUI, slug="ines-duarte", name="Inês D.", active=False, email=None)

    update_therapist("ines-duarte", profile=changed, actor=admin_of(clinic), now=NOW)

    assert therapist_profile(clinic.id, "ines-duarte") == changed
    assert revisions() == {"ines-duarte": 1}
    assert actions() == ["therapist.changed"]


def test_a_new_session_type_is_stored_whole_and_raises_the_diaries_of_who_offers_it(context):
    clinic = make_clinic()
    make_therapist(clinic)
    make_therapist(clinic, slug="other")

    create_session_type(FOLLOW_UP, actor=admin_of(clinic), now=NOW)

    assert session_type_details(clinic.id, "session") == FOLLOW_UP
    assert revisions() == {"ines-duarte": 1, "other": 0}
    assert actions() == ["session_type.added"]


def test_a_session_type_passed_on_raises_both_diaries(context):
    clinic = make_clinic()
    kind = make_session_type(clinic)
    make_therapist(clinic, session_types=[kind])
    make_therapist(clinic, slug="other")
    passed_on = replace(FOLLOW_UP, therapists=("other",))

    update_session_type("initial-consultation", details=passed_on, actor=admin_of(clinic), now=NOW)

    assert session_type_details(clinic.id, "session") == passed_on
    assert revisions() == {"ines-duarte": 1, "other": 1}


def test_the_clinic_is_changed(context):
    clinic = make_clinic()
    details = ClinicDetails(
        name="House of Repair",
        short_name="Repair",
        time_zone="Atlantic/Madeira",
        language="pt",
        email="hello@example.org",
        phone="+351 210 000 000",
        address="Rua A, 1\nFunchal",
        welcome={"en": "Welcome"},
    )

    update_clinic(details, actor=admin_of(clinic), now=NOW)

    assert clinic_details(clinic.id) == details
    assert actions() == ["clinic.changed"]


def test_a_form_sent_twice_makes_one_therapist_and_one_session_type(context):
    clinic = make_clinic()
    make_therapist(clinic)
    key, other_key = new_id(), new_id()

    for _ in range(2):
        create_therapist(RUI, key=key, actor=admin_of(clinic), now=NOW)
        create_session_type(FOLLOW_UP, key=other_key, actor=admin_of(clinic), now=NOW)

    assert session().scalar(select(func.count()).select_from(Therapist)) == 2
    assert session().scalar(select(func.count()).select_from(SessionType)) == 1


def test_a_key_that_is_no_id_or_of_another_clinic_is_refused(context):
    clinic, other = make_clinic(), make_clinic(slug="other")
    key = new_id()
    create_therapist(RUI, key=key, actor=admin_of(other), now=NOW)

    for wrong in (key, "x", "../" + "a" * 29):
        with pytest.raises(Conflict):
            create_therapist(RUI, key=wrong, actor=admin_of(clinic), now=NOW)


def test_a_slug_in_use_is_told_together_with_everything_else(context):
    clinic = make_clinic()
    make_therapist(clinic)
    wrong = replace(RUI, slug="ines-duarte", name="")

    with pytest.raises(InvalidInput) as refused:
        create_therapist(wrong, actor=admin_of(clinic), now=NOW)

    assert refused.value.errors == {
        "slug": ["This address is already in use. Please choose another."],
        "name": ["Please write a name."],
    }
    assert revisions() == {"ines-duarte": 0}


def test_a_session_type_slug_in_use_is_refused(context):
    clinic = make_clinic()
    make_session_type(clinic, slug="session")

    with pytest.raises(InvalidInput) as refused:
        create_session_type(replace(FOLLOW_UP, therapists=()), actor=admin_of(clinic), now=NOW)

    assert list(refused.value.errors) == ["slug"]


def test_a_refused_change_leaves_the_session_type_as_it_was(context):
    clinic = make_clinic()
    make_therapist(clinic)
    create_session_type(FOLLOW_UP, actor=admin_of(clinic), now=NOW)

    with pytest.raises(InvalidInput):
        update_session_type(
            "session", details=replace(FOLLOW_UP, length_minutes=1), actor=admin_of(clinic), now=NOW
        )

    assert session_type_details(clinic.id, "session") == FOLLOW_UP


def test_only_an_admin_edits_the_clinic_therapists_and_session_types(context):
    clinic = make_clinic()
    therapist = make_therapist(clinic)
    everybody_else = [
        staff(clinic, Role.FRONT_DESK),
        staff(clinic, Role.THERAPIST, therapist_id=therapist.id),
    ]

    for actor in everybody_else:
        for attempt in (
            lambda actor=actor: create_therapist(RUI, actor=actor, now=NOW),
            lambda actor=actor: update_therapist("ines-duarte", profile=RUI, actor=actor, now=NOW),
            lambda actor=actor: create_session_type(FOLLOW_UP, actor=actor, now=NOW),
            lambda actor=actor: update_clinic(clinic_details(clinic.id), actor=actor, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                attempt()
    with pytest.raises(SignInNeeded):
        create_therapist(RUI, actor=Actor(clinic_id=clinic.id), now=NOW)
    assert actions() == []


def test_what_another_clinic_has_cannot_be_found(context):
    clinic, other = make_clinic(), make_clinic(slug="other")
    make_therapist(other)
    make_session_type(other)

    with pytest.raises(NotFound):
        update_therapist("ines-duarte", profile=RUI, actor=admin_of(clinic), now=NOW)
    with pytest.raises(NotFound):
        update_session_type(
            "initial-consultation", details=FOLLOW_UP, actor=admin_of(clinic), now=NOW
        )
