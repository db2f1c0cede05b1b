from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.notes.pages.overview import couple_overview
from clinic.notes.rules.note_content import RuptureEntry, SafetyCheck
from clinic.notes.ruptures.safety_flags import list_safety_flags
from clinic.notes.session_notes.service import save_draft
from clinic.notes.signing.signing import NotReady
from tests.support.factories import a_note, make_note, make_signed_note
from tests.support.notes.separate_session import AFRAID, HELD, alone, signed_by_daniel
from tests.support.notes.signing import AT, NEW, TRIED, sign

pytestmark = pytest.mark.usefixtures("context")


def test_note_moves_an_open_rupture_on_and_asks_for_what_the_step_needs(couple):
    make_signed_note(couple, a_note(new_ruptures=(NEW,), attempts=(TRIED,)), at=AT)
    again = AT + timedelta(days=1)
    entry = RuptureEntry("R-01", worked_on=True, status="repaired", confirmed_a=True)
    note_id = make_note(couple, a_note(ruptures=(entry,)), at=again, now=again)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id, now=again)
    whole = a_note(ruptures=(replace(entry, confirmed_b=True),))
    save_draft(note_id, content=whole, revision=2, actor=couple.lead, now=again)
    sign(couple, note_id, revision=3, now=again)

    assert list(refused.value.errors) == ["ruptures.R-01.status"]
    [rupture] = couple_overview(couple.code, actor=couple.lead, now=again).ruptures
    assert [e.to_status for e in rupture.events] == ["open", "in_repair", "repaired"]


def test_open_rupture_must_be_told_of(couple):
    make_signed_note(couple, a_note(new_ruptures=(NEW,)), at=AT)
    again = AT + timedelta(days=1)
    note_id = make_note(couple, a_note(), at=again, now=again)

    with pytest.raises(NotReady) as refused:
        sign(couple, note_id, now=again)

    assert list(refused.value.errors) == ["ruptures.R-01.status"]


def test_note_signed_after_a_later_one_tells_where_the_rupture_stood_then(couple):
    make_signed_note(couple, a_note(new_ruptures=(NEW,), attempts=(TRIED,)), at=AT)
    second, third = AT + timedelta(hours=20), AT + timedelta(hours=40)
    waiting = make_note(
        couple, a_note(ruptures=(RuptureEntry("R-01", status="open"),)), at=second, now=third
    )
    mended = RuptureEntry("R-01", status="repaired", confirmed_a=True, confirmed_b=True)
    make_signed_note(couple, a_note(ruptures=(mended,)), at=third)

    sign(couple, waiting, now=third + timedelta(hours=2))

    [rupture] = couple_overview(couple.code, actor=couple.lead, now=third).ruptures
    assert [e.to_status for e in rupture.events] == ["open", "in_repair", "repaired"]


@pytest.mark.parametrize("joint_at", [HELD - timedelta(hours=3), HELD + timedelta(hours=1)])
def test_flag_of_a_joint_note_and_one_raised_apart_both_open_whichever_comes_first(house, joint_at):
    apart = SafetyCheck("flag_raised", AFRAID, 2, "Seen again on Friday.", HELD.date())
    joint = SafetyCheck("flag_raised", "Both shouted.", 3, "A call each day.", HELD.date())
    still_open = (RuptureEntry("R-01", status="open"), RuptureEntry("R-02", status="open"))
    standing = still_open if joint_at < HELD else ()  # parked by the first flag, not asked about
    signings = {
        joint_at: lambda: make_signed_note(
            house.couple, a_note(safety=joint, ruptures=standing), at=joint_at
        ),
        HELD: lambda: signed_by_daniel(house, alone(safety=apart)),
    }

    for at in sorted(signings):
        house.do(signings[at])

    late = HELD + timedelta(days=1)
    flags = house.do(lambda: list_safety_flags(house.code, actor=house.actor("ines"), now=late))
    assert sorted((one.details.level, one.details.action) for one in flags) == [
        (2, "Seen again on Friday."),
        (3, "A call each day."),
    ]
