from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clinic.foundation.database.transactions import session
from clinic.notes.ruptures.safety_flags import clear_safety_flag, open_safety_flag
from clinic.notes.signing.signing import recall_signature
from tests.support.accounts.mailbox import sent_mails
from tests.support.factories import make_signed_note
from tests.support.notes.signing import (
    AT,
    BY_HAND,
    REVIEW_ON,
    SOON,
    TOLD,
)

pytestmark = pytest.mark.usefixtures("context")


def test_mail_of_the_day_goes_to_the_lead_and_says_nothing_of_whom(app, couple):
    couple.practice.therapist.email = "ines@clinic.example"
    session().commit()
    make_signed_note(couple, TOLD, at=AT)
    name = couple.practice.clinic.short_name
    eight = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    before = sent_mails(app, now=eight - timedelta(seconds=1))
    [mail] = sent_mails(app, now=eight)

    assert (before, mail["To"], mail["Subject"]) == (
        [],
        "ines@clinic.example",
        f"{name}: Something is to be looked at today",
    )
    for secret in (couple.code, "Alex", "Sam", "flag", "safety", "Afraid"):
        assert secret not in mail.as_string()


def test_no_mail_for_a_flag_that_is_cleared_or_taken_back(app, couple):
    couple.practice.therapist.email = "ines@clinic.example"
    session().commit()
    note_id = make_signed_note(couple, TOLD, at=AT, sealed=False)
    recall_signature(note_id, actor=couple.lead, now=SOON)
    by_hand = open_safety_flag(
        couple.code, BY_HAND, review_on=REVIEW_ON, actor=couple.lead, now=SOON
    )
    clear_safety_flag(couple.code, by_hand, because="Safe.", actor=couple.lead, now=SOON)

    assert sent_mails(app, now=datetime(2026, 11, 25, tzinfo=UTC)) == []
