"""The table of who sees what, cell by cell; and whatever is granted, to deny wins."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.foundation.errors import NotAllowed
from clinic.foundation.permissions.actors import Actor, LinkChannel, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import (
    DENIED,
    LINK_MAY,
    POLICY,
    is_allowed,
    require,
)
from tests.support.access_table import (
    ANA,
    CHART,
    COLUMNS,
    DANIEL,
    FLAGGED,
    HIDDEN,
    INES,
    NOTE,
    OF_ANA,
    OF_RUI,
    RELEASED,
    ROWS,
    RUI,
    SHARED,
    TABLE,
    Household,
    P,
    Thing,
    an_appointment,
    partner,
)

CELLS = [(row, column) for row in TABLE for column in COLUMNS]


def given_to(actor, row):
    """What of a row this reader is given."""
    return {
        name
        for name, ways in ROWS[row].items()
        if any(is_allowed(actor, permission, subject) for permission, subject in ways)
    }


@pytest.mark.parametrize(("row", "column"), CELLS, ids=[f"{row}: {col}" for row, col in CELLS])
def test_cell_of_the_table_of_who_sees_what(row, column):
    assert given_to(COLUMNS[column], row) == TABLE[row][column]


def test_table_has_thirteen_rows_of_seven_columns_each():
    assert list(ROWS) == list(TABLE)
    assert len(TABLE) == 13
    assert {tuple(row) for row in TABLE.values()} == {tuple(COLUMNS)}
    assert len(COLUMNS) == 7


STRANGERS = {
    "visitor": Actor(clinic_id="clinic"),
    "partner of another couple": partner("member-c", "couple-2"),
    "staff of another clinic, every role": replace(
        COLUMNS["Lead therapist"], clinic_id="elsewhere", roles=frozenset(Role)
    ),
}


@pytest.mark.parametrize("row", TABLE)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_who_stands_in_no_column_is_given_nothing_of_the_couple(row, stranger):
    # Without a subject that has a clinic there is nothing of this couple to give.
    own_house = {"busy", "whole"} if "staff" in stranger else set()

    assert given_to(STRANGERS[stranger], row) - own_house == set()


@pytest.mark.parametrize("row", TABLE)
@pytest.mark.parametrize("channel", [None, *LinkChannel])
def test_link_to_an_appointment_opens_that_appointment_and_nothing_else(row, channel):
    holder = Actor(
        clinic_id="clinic",
        name="link:a",
        member_id=ANA,
        appointment_id="appointment",
        link=channel,
    )

    assert given_to(holder, row) == ({"read"} if row.startswith("Appointment") else set())
    # Not even together with a couple: what opens a record is a sign-in.
    assert given_to(replace(holder, couple_id="couple-1"), row) == given_to(holder, row)


OWN_APPOINTMENT = {P.SEE_OWN_APPOINTMENT, P.CHANGE_OWN_APPOINTMENT}


@pytest.mark.parametrize(
    ("channel", "allowed"),
    [
        (LinkChannel.SHOWN, OWN_APPOINTMENT),
        (LinkChannel.MAILED, OWN_APPOINTMENT | {P.MANAGE_OWN_FEEDS}),
    ],
)
@pytest.mark.parametrize("member_id", [None, ANA])
def test_link_is_good_for_what_its_channel_proves(channel, allowed, member_id):
    """Knowing an address proves nothing, not even if an actor were given the partner's id."""
    holder = Actor(
        clinic_id="clinic", appointment_id="appointment", link=channel, member_id=member_id
    )
    subjects = [an_appointment(), ANA, OF_ANA, CHART, None]

    given_to_holder = {
        one for one in Permission if any(is_allowed(holder, one, what) for what in subjects)
    }

    needs_partner = {P.MANAGE_OWN_FEEDS} if member_id is None else set()
    assert given_to_holder == allowed - needs_partner


def test_partner_who_was_not_named_in_an_appointment_hears_nothing_of_it():
    alone = an_appointment()
    alone.named = (ANA,)

    assert is_allowed(COLUMNS["Partner A"], P.SEE_OWN_APPOINTMENT, alone)
    assert not is_allowed(COLUMNS["Partner B"], P.SEE_OWN_APPOINTMENT, alone)


def test_release_needs_the_signature_of_every_partner_and_none_is_not_all():
    third = replace(RELEASED, couple=Household(member_ids=(ANA, RUI, "member-c")))
    nobody = replace(RELEASED, couple=Household(member_ids=()), authorised_by=frozenset())

    assert not is_allowed(COLUMNS["Partner A"], P.READ_SIGNED_NOTE, third)
    assert not is_allowed(COLUMNS["Partner A"], P.READ_SIGNED_NOTE, nobody)


# --- To deny wins ------------------------------------------------------------------------------


def test_partner_never_learns_of_the_others_own_or_of_what_is_restricted_whatever_is_granted(
    monkeypatch,
):
    monkeypatch.setattr(
        "clinic.foundation.permissions.who_may_do_what.POLICY",
        {one: (lambda *_: True,) for one in Permission},
    )
    kept = [OF_RUI, HIDDEN, Thing(member_id=ANA, visibility="restricted")]

    given = {
        (permission, at)
        for permission in Permission
        for at, subject in enumerate(kept)
        if is_allowed(COLUMNS["Partner A"], permission, subject)
    }

    assert given == set()
    assert is_allowed(COLUMNS["Partner A"], P.READ_DISCLOSURE, OF_ANA)


def test_nothing_of_another_clinic_is_granted_whatever_the_role(monkeypatch):
    monkeypatch.setattr(
        "clinic.foundation.permissions.who_may_do_what.POLICY",
        {one: (lambda *_: True,) for one in Permission},
    )
    stranger = STRANGERS["staff of another clinic, every role"]

    for subject in (CHART, NOTE, an_appointment(), SHARED):
        assert [one for one in Permission if is_allowed(stranger, one, subject)] == []


SUBJECTS = [None, INES, CHART, NOTE, FLAGGED, OF_ANA, OF_RUI, SHARED, HIDDEN, RELEASED]
actors = st.builds(
    Actor,
    clinic_id=st.sampled_from(["clinic", "elsewhere"]),
    name=st.sampled_from(["account:ines", "account:x"]),
    account_id=st.sampled_from([None, "ines"]),
    roles=st.frozensets(st.sampled_from(Role)),
    therapist_id=st.sampled_from([None, INES, DANIEL]),
    appointment_id=st.sampled_from([None, "appointment"]),
    link=st.sampled_from([None, *LinkChannel]),
    member_id=st.sampled_from([None, ANA, RUI]),
    couple_id=st.sampled_from([None, "couple-1", "couple-2"]),
    is_system=st.booleans(),
)


@pytest.mark.one_database
@settings(max_examples=500)
@given(actor=actors, permission=st.sampled_from(Permission), subject=st.sampled_from(SUBJECTS))
def test_whatever_holds_beside_it_what_is_denied_is_not_granted(actor, permission, subject):
    denied = any(condition(actor, subject) for condition in DENIED)
    granted = any(condition(actor, subject) for condition in POLICY[permission])
    within = actor.link is None or permission in LINK_MAY[actor.link]

    assert is_allowed(actor, permission, subject) is (granted and within and not denied)


def test_partner_who_is_refused_is_told_no_and_not_asked_to_sign_in_again():
    with pytest.raises(NotAllowed):
        require(COLUMNS["Partner A"], P.READ_ANSWERS, OF_RUI)
