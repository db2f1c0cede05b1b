"""The policy, written down a second time: who may do what, cell by cell."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.errors import NotAllowed, SignInNeeded
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.conditions import anyone
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import POLICY, is_allowed, require
from tests.support.access_table import ROWS

ANNA, BERT = "therapist-anna", "therapist-bert"
APPOINTMENT = SimpleNamespace(
    id="a1",
    therapist_id=ANNA,
    member_id="m1",
    couple=SimpleNamespace(lead_therapist_id="therapist-lead"),
)


def staff(*roles, name="account:1", **more):
    return Actor(clinic_id="c", name=name, account_id=name, roles=frozenset(roles), **more)


ACTORS = {
    "visitor": Actor(clinic_id="c"),
    "holder": Actor(clinic_id="c", name="link:1", appointment_id="a1"),
    "other holder": Actor(clinic_id="c", name="link:2", appointment_id="a2"),
    "named partner": Actor(clinic_id="c", name="link:3", member_id="m1"),
    "own therapist": staff(Role.THERAPIST, therapist_id=ANNA),
    "other therapist": staff(Role.THERAPIST, name="account:other", therapist_id=BERT),
    "lead therapist": staff(Role.THERAPIST, name="account:lead", therapist_id="therapist-lead"),
    "front desk": staff(Role.FRONT_DESK),
    "admin": staff(Role.ADMIN),
    "supervisor": staff(Role.SUPERVISOR, name="account:super"),
    "system": Actor(clinic_id="c", name="system:x", is_system=True),
}

EVERYBODY = set(ACTORS)
STAFF = {
    "own therapist",
    "other therapist",
    "lead therapist",
    "supervisor",
    "front desk",
    "admin",
}
DESK = {"front desk", "admin"}

ABOUT_THE_APPOINTMENT = {
    Permission.BOOK: EVERYBODY,
    Permission.SEE_OWN_APPOINTMENT: {"holder"},
    Permission.CHANGE_OWN_APPOINTMENT: {"holder"},
    Permission.SEE_DIARY: DESK | {"own therapist", "supervisor"},
    Permission.SEE_BUSY_TIMES: STAFF,
    Permission.CHANGE_APPOINTMENT: {"front desk", "own therapist", "system"},
    Permission.READ_CLIENT_WORDS: {"own therapist", "lead therapist"},
    Permission.SEE_OWN_DAY: STAFF,
    Permission.SEE_PRACTICE: STAFF,
    Permission.EDIT_HOURS: DESK | {"own therapist"},
    Permission.EDIT_PRACTICE: {"admin"},
    Permission.MANAGE_INSTRUMENTS: {"admin", "system"},
    Permission.SEE_DELIVERIES: DESK,
    Permission.REDELIVER: DESK,
    Permission.SEE_INTEGRATIONS: DESK,
    Permission.MANAGE_INTEGRATIONS: {"admin"},
    Permission.MANAGE_FEEDS: {"admin", "own therapist"},
    Permission.MANAGE_CLINIC_FEEDS: DESK,
    Permission.MANAGE_OWN_FEEDS: {"named partner"},
    Permission.MANAGE_ACCOUNTS: {"admin", "system"},
    Permission.SEE_AUDIT: {"admin"},
    Permission.OWN_ACCOUNT: STAFF,
}
"""The subject is one appointment of Anna's, with a couple that somebody else leads."""

THERAPISTS = {"own therapist", "other therapist", "lead therapist"}
ABOUT_NOTHING = ABOUT_THE_APPOINTMENT | {
    # Without a subject: whether the page may be opened at all.
    Permission.SEE_OWN_APPOINTMENT: set(),
    Permission.CHANGE_OWN_APPOINTMENT: set(),
    Permission.SEE_DIARY: DESK | THERAPISTS | {"supervisor"},
    Permission.CHANGE_APPOINTMENT: {"front desk", "system"} | THERAPISTS,
    Permission.READ_CLIENT_WORDS: THERAPISTS,
    Permission.EDIT_HOURS: DESK | THERAPISTS,
    Permission.MANAGE_FEEDS: {"admin"} | THERAPISTS,
    Permission.MANAGE_OWN_FEEDS: set(),
}


CLINICAL = THERAPISTS | {"supervisor"}
ABOUT_A_SIGNED_NOTE = {
    "open_charts": CLINICAL,
    "read_chart": {"lead therapist", "supervisor", "system"},
    "write_chart": {"lead therapist"},
    "write_note": {"lead therapist"},
    "read_signed_note": {"lead therapist", "supervisor", "system"},
    "read_draft_note": {"lead therapist"},
    "read_restricted": {"lead therapist", "supervisor", "system"},
    "read_exercise_run": {"lead therapist", "supervisor", "system"},
    "read_measure": {"lead therapist", "supervisor", "system"},
    "cosign_note": {"supervisor"},
    "write_process_note": {"lead therapist"},
    "read_process_note": {"lead therapist"},
    "write_disclosure": {"lead therapist"},
    "read_disclosure": {"lead therapist"},
    "break_glass": CLINICAL,
    "export_record": {"system"},
    "see_chart_access": {"lead therapist", "admin"},
}
"""The subject is a note by the lead therapist about their own couple."""
CHART = [permission for permission in Permission if permission in ABOUT_A_SIGNED_NOTE]
CHART_READERS = ACTORS | {
    "supervisor elsewhere": Actor(
        clinic_id="other", roles=frozenset(role for role in Role if role == "supervisor")
    ),
}


def a_note(**changes):
    couple = {
        "clinic_id": "c",
        "lead_therapist_id": "therapist-lead",
        "opened_in_emergency_by": frozenset(),
    }
    note = {
        "author": "account:lead",
        "flagged": False,
        "held_by": "therapist-lead",
        "is_individual": False,
        "is_signed": True,
    }
    return SimpleNamespace(
        **note | {k: v for k, v in changes.items() if k in note},
        couple=SimpleNamespace(**couple | {k: v for k, v in changes.items() if k in couple}),
    )


def test_every_permission_has_its_row_in_the_policy_and_in_one_of_the_tables():
    written = {*ABOUT_THE_APPOINTMENT, *CHART}
    to_come = {one for row in ROWS.values() for ways in row.values() for one, _subject in ways}

    assert set(POLICY) == set(Permission)
    assert set(Permission) - written == to_come - written


@pytest.mark.parametrize("permission", CHART)
@pytest.mark.parametrize("name", CHART_READERS)
def test_cell_about_a_signed_note(permission, name):
    allowed = ABOUT_A_SIGNED_NOTE[permission]
    assert is_allowed(CHART_READERS[name], permission, a_note()) is (name in allowed)


ABOUT_A_NOTE_APART = {
    "open_charts": CLINICAL - {"lead therapist"},
    "read_chart": {"supervisor", "system"},
    "write_note": {"other therapist"},
    "read_signed_note": {"other therapist", "supervisor", "system"},
    "read_draft_note": {"other therapist"},
    "read_restricted": {"other therapist", "supervisor", "system"},
    "read_exercise_run": {"supervisor", "system"},
    "read_measure": {"supervisor", "system"},
    "cosign_note": {"supervisor"},
    "read_process_note": {"other therapist"},
    "break_glass": CLINICAL - {"lead therapist"},
    "export_record": {"system"},
    "see_chart_access": {"admin"},
}
"""The subject is the note of a session that another than the lead held with one partner alone."""
ABOUT_A_JOINT_NOTE_OF_ANOTHER = ABOUT_A_SIGNED_NOTE | {
    "write_note": {"lead therapist", "other therapist"},
    "read_signed_note": {"lead therapist", "other therapist", "supervisor", "system"},
    "read_draft_note": {"lead therapist", "other therapist"},
    "read_restricted": {"lead therapist", "other therapist", "supervisor", "system"},
    "read_process_note": {"other therapist"},
}
"""The subject is a joint session's note, written by another therapist, who held the session."""


@pytest.mark.parametrize("permission", CHART)
@pytest.mark.parametrize("name", CHART_READERS)
def test_cell_about_the_note_of_a_session_that_another_therapist_held(permission, name):
    by_other = {"author": "account:other", "held_by": BERT}
    joint, apart = a_note(**by_other), a_note(**by_other, is_individual=True)

    given = [is_allowed(CHART_READERS[name], permission, one) for one in (joint, apart)]

    tables = (ABOUT_A_JOINT_NOTE_OF_ANOTHER, ABOUT_A_NOTE_APART)
    assert given == [name in table.get(permission, set()) for table in tables]


def test_holding_a_joint_session_shows_nothing_restricted_that_others_wrote():
    joint = a_note(held_by=BERT)

    assert not is_allowed(ACTORS["other therapist"], Permission.READ_RESTRICTED, joint)


def test_what_the_lead_signed_of_a_session_apart_stays_open_to_who_signed_it():
    def allowed(permission, **changes):
        subject = a_note(held_by=BERT, is_individual=True, **changes)
        return is_allowed(ACTORS["lead therapist"], permission, subject)

    assert allowed(Permission.READ_SIGNED_NOTE) is True
    assert allowed(Permission.WRITE_NOTE) is True
    assert allowed(Permission.READ_DRAFT_NOTE, is_signed=False) is False
    assert allowed(Permission.READ_SIGNED_NOTE, author="account:other") is False


@pytest.mark.parametrize("permission", CHART)
def test_nobody_but_who_broke_the_glass_gains_by_it_and_only_the_joint_record(permission):
    opened = a_note(opened_in_emergency_by=frozenset({"account:other"}))

    gained = {
        name
        for name, actor in CHART_READERS.items()
        if is_allowed(actor, permission, opened) and not is_allowed(actor, permission, a_note())
    }

    joint = {"read_chart", "read_signed_note"}
    assert gained == ({"other therapist"} if permission in joint else set())


@pytest.mark.parametrize("permission", ABOUT_THE_APPOINTMENT)
@pytest.mark.parametrize("name", ACTORS)
def test_cell_about_an_appointment(permission, name):
    expected = name in ABOUT_THE_APPOINTMENT[permission]

    assert is_allowed(ACTORS[name], permission, APPOINTMENT) is expected


@pytest.mark.parametrize("permission", ABOUT_NOTHING)
@pytest.mark.parametrize("name", ACTORS)
def test_cell_without_a_subject(permission, name):
    assert is_allowed(ACTORS[name], permission) is (name in ABOUT_NOTHING[permission])


def test_refused_visitor_is_asked_to_sign_in_and_the_others_are_told_no():
    with pytest.raises(SignInNeeded):
        require(ACTORS["visitor"], Permission.SEE_DIARY)
    for name in ("holder", "own therapist", "front desk"):
        with pytest.raises(NotAllowed):
            require(ACTORS[name], Permission.SEE_AUDIT)
    require(ACTORS["admin"], Permission.SEE_AUDIT)


def test_couple_that_nobody_leads_is_led_by_no_actor_without_a_diary():
    unled = SimpleNamespace(
        id="a1", therapist_id=ANNA, couple=SimpleNamespace(lead_therapist_id=None)
    )

    assert not is_allowed(ACTORS["front desk"], Permission.READ_CLIENT_WORDS, unled)
    assert not is_allowed(ACTORS["visitor"], Permission.READ_CLIENT_WORDS, unled)


def test_own_diary_can_be_named_by_the_therapists_id_alone():
    assert is_allowed(ACTORS["own therapist"], Permission.EDIT_HOURS, ANNA)
    assert not is_allowed(ACTORS["other therapist"], Permission.EDIT_HOURS, ANNA)


actors = st.builds(
    Actor,
    clinic_id=st.just("c"),
    roles=st.frozensets(st.sampled_from(Role)),
    therapist_id=st.sampled_from([None, ANNA, BERT]),
    appointment_id=st.sampled_from([None, "a1", "a2"]),
    is_system=st.booleans(),
)


@pytest.mark.one_database
@settings(max_examples=300)
@given(actor=actors, role=st.sampled_from(Role), permission=st.sampled_from(Permission))
def test_another_role_never_takes_a_right_away(actor, role, permission):
    promoted = Actor(
        clinic_id="c",
        roles=actor.roles | {role},
        therapist_id=actor.therapist_id,
        appointment_id=actor.appointment_id,
        is_system=actor.is_system,
    )

    assert is_allowed(promoted, permission, APPOINTMENT) >= is_allowed(
        actor, permission, APPOINTMENT
    )


@pytest.mark.one_database
@settings(max_examples=300)
@given(permission=st.sampled_from(Permission), subject=st.sampled_from([None, APPOINTMENT, "x"]))
def test_who_is_nobody_is_granted_what_anyone_is_and_nothing_else(permission, subject):
    nobody = Actor(clinic_id="c")

    assert is_allowed(nobody, permission, subject) is (anyone in POLICY[permission])


def test_permission_without_a_row_is_granted_to_nobody(monkeypatch):
    monkeypatch.setitem(POLICY, Permission.SEE_AUDIT, ())
    assert not is_allowed(ACTORS["admin"], Permission.SEE_AUDIT)

    monkeypatch.delitem(POLICY, Permission.SEE_AUDIT)
    with pytest.raises(KeyError):
        is_allowed(ACTORS["admin"], Permission.SEE_AUDIT)
