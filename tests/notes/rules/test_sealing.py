from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.notes.rules.sealing import (
    CannotSeal,
    ChainBreak,
    NoteStatus,
    NoteStep,
    SealedNote,
    StepRefused,
    allowed_steps,
    canonical_bytes,
    digest,
    first_break,
    is_late_entry,
    is_overdue,
    is_sealed,
    next_status,
)

SIGNED = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def minutes(number):
    return SIGNED + timedelta(minutes=number)


def chain(*contents):
    links, previous = [], None
    for number, content in enumerate(contents, start=1):
        sealed = digest(content, previous_digest=previous)
        links.append(SealedNote(f"N-{number}", content, previous, sealed))
        previous = sealed
    return links


def test_content_has_one_written_form():
    assert (
        canonical_bytes({"b": [1, None, True], "a": "cafe\u0301"})
        == '{"a":"café","b":[1,null,true]}'.encode()
    )


def test_digest_is_the_known_answer():
    by_hand = hashlib.sha256(b'note-seal/1\n\n{"plan":"x"}').hexdigest()

    assert digest({"plan": "x"}, previous_digest=None) == by_hand
    assert by_hand == "6b2dd438abb1aff42a8b8a1f648e4c84104938b5ca4b236ebc18c773174a0107"


def test_digest_holds_the_one_before():
    assert digest({}, previous_digest=None) != digest({}, previous_digest="00" * 32)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"a": [0, 0.5]}, r"content\.a\[1\]: float"),
        ({"a": SIGNED}, r"content\.a: datetime"),
        ({1: "x"}, "the key 1 is not text"),
        ({"e\u0301": 1, "é": 2}, "'é' is there twice"),
    ],
)
def test_values_without_a_single_form_are_refused_with_their_place(content, place):
    with pytest.raises(CannotSeal, match=place):
        canonical_bytes(content)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abcé", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abcdef", max_size=3), plain, max_size=4))
def test_order_of_keys_does_not_change_the_bytes(content):
    turned = dict(reversed(content.items()))

    assert canonical_bytes(turned) == canonical_bytes(content)


def test_sound_chain_has_no_break():
    assert first_break(chain({"n": 1}, {"n": 2}, {"n": 3})) is None
    assert first_break([]) is None


def test_first_changed_note_is_named():
    links = chain({"n": 1}, {"n": 2}, {"n": 3})
    links[1] = replace(links[1], content={"n": 9})
    links[2] = replace(links[2], content={"n": 9})

    assert first_break(links) == ChainBreak(1, "N-2", "content")


def test_missing_and_rewritten_notes_break_the_tie_to_the_one_before():
    links = chain({"n": 1}, {"n": 2}, {"n": 3})
    rewritten = replace(links[0], content={"n": 9}, digest=digest({"n": 9}, previous_digest=None))

    assert first_break([links[0], links[2]]) == ChainBreak(1, "N-3", "link")
    assert first_break(links[1:]) == ChainBreak(0, "N-2", "link")
    assert first_break([rewritten, *links[1:]]) == ChainBreak(1, "N-2", "link")


@pytest.mark.parametrize(
    ("status", "steps"),
    [
        ("draft", ("mark_ready",)),
        ("ready", ("back_to_draft", "sign", "sign_for_cosign")),
        ("signed", ("recall",)),
        ("cosign_pending", ("cosign", "recall")),
        ("cosigned", ()),
    ],
)
def test_steps_of_each_status_and_all_others_refused(status, steps):
    allowed = allowed_steps(NoteStatus(status), signed_at=SIGNED, now=minutes(5))

    assert allowed == steps
    for step in set(NoteStep) - set(allowed):
        with pytest.raises(StepRefused) as caught:
            next_status(NoteStatus(status), step=step, signed_at=SIGNED, now=minutes(5))
        assert caught.value.allowed == allowed


def test_note_goes_from_draft_to_cosigned():
    status = NoteStatus.DRAFT
    for step in (NoteStep.MARK_READY, NoteStep.SIGN_FOR_COSIGN, NoteStep.COSIGN):
        status = next_status(status, step=step, now=SIGNED)

    assert status is NoteStatus.COSIGNED


def test_recall_is_possible_until_the_fifteenth_minute_and_then_only_an_addendum():
    last = minutes(15) - timedelta(microseconds=1)

    assert (
        next_status(NoteStatus.SIGNED, step=NoteStep.RECALL, signed_at=SIGNED, now=last)
        is NoteStatus.DRAFT
    )
    assert (is_sealed(SIGNED, now=last), is_sealed(SIGNED, now=minutes(15))) == (False, True)
    with pytest.raises(StepRefused, match="addendum"):
        next_status(NoteStatus.SIGNED, step=NoteStep.RECALL, signed_at=SIGNED, now=minutes(15))


def test_entry_is_late_only_after_more_than_72_hours():
    exact = SIGNED + timedelta(hours=72)

    assert not is_late_entry(SIGNED, written_at=exact)
    assert is_late_entry(SIGNED, written_at=exact + timedelta(seconds=1))
    assert is_late_entry(SIGNED, written_at=minutes(61), after=timedelta(hours=1))


def test_unsigned_note_is_overdue_only_after_more_than_48_hours():
    exact, after = SIGNED + timedelta(hours=48), SIGNED + timedelta(hours=48, seconds=1)

    assert not is_overdue(SIGNED, status=NoteStatus.DRAFT, now=exact)
    assert is_overdue(SIGNED, status=NoteStatus.READY, now=after)
    assert not is_overdue(SIGNED, status=NoteStatus.SIGNED, now=after)
