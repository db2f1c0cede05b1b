from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from clinic.notes.mails.notices import notice_language, send_notice
from clinic.practice.models import Therapist
from tests.support.factories import make_clinic


@pytest.mark.parametrize(
    ("languages", "language"),
    [(["pt", "en"], "pt"), (["en", "pt"], "en"), (["de", "pt"], "en"), ([], "en")],
)
def test_therapist_is_written_to_in_the_first_language_they_work_in(languages, language):
    assert notice_language(Therapist(languages=languages)) == language


@pytest.mark.usefixtures("context")
def test_notice_is_sent_in_the_clinics_name_under_the_same_id_each_time(tmp_path):
    clinic = make_clinic()

    send_notice(
        clinic,
        to="ines@clinic.example",
        subject="Something is to be looked at",
        body="After signing in you find it.",
        message_key="abc.due",
        at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    )

    [path] = (tmp_path / "mail").glob("*.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"], mail["Message-ID"], mail.get_content().strip()) == (
        "ines@clinic.example",
        f"{clinic.short_name}: Something is to be looked at",
        "<abc.due@localhost>",
        "After signing in you find it.",
    )
