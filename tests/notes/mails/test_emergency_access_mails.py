from __future__ import annotations

import pytest

from clinic.foundation import outbox
from tests.support.notes.whole_record import NOW, open_in_emergency

pytestmark = pytest.mark.usefixtures("context")


def test_break_glass_tells_the_therapist_and_the_clinic_and_names_nobody(whole_record, tmp_path):
    from clinic.foundation.database.transactions import transaction

    with transaction():
        whole_record.couple.practice.therapist.email = "ines.duarte@example.org"
    open_in_emergency(whole_record)

    outbox.deliver_due(now=NOW, limit=20)

    mails = [path.read_text() for path in sorted((tmp_path / "mail").glob("*.eml"))]
    told_of = [mail for mail in mails if "emergency" in mail]
    assert len(told_of) == 2
    assert not [m for m in told_of if whole_record.couple.code in m or "Alex" in m or "couple" in m]
