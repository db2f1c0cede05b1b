import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select

from clinic.booking.appointments.changes import (
    cancel_appointment,
    decline_appointment,
    move_appointment,
)
from clinic.booking.appointments.request_expiry import expire_when_due
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.foundation import outbox
from clinic.foundation.database.transactions import session, transaction
from clinic.foundation.outbox import OutboxMessage
from clinic.practice.models import Clinic, Therapist
from tests.support.factories import NOW, make_appointment, make_practice

TEN = datetime(2026, 12, 1, 10, tzinfo=UTC)
SAM = EnteredPartner(
    name="Sam Sample", email="sam@example.org", time_zone="Asia/Kathmandu", language="pt"
)


@pytest.fixture
def practice(context):
    made = make_practice()
    with transaction() as current:
        current.get_one(Therapist, made.therapist.id).email = "ines@example.org"
        clinic = current.get_one(Clinic, made.clinic.id)
        clinic.address, clinic.phone = "Rua do Exemplo 12, Lisboa", "+351 210 000 000"
    return made


def deliver(now=NOW):
    while outbox.deliver_due(now=now):
        pass


def mails(folder):
    """Every mail written: recipient -> (subject, text), tokens made plain; and forget them."""
    found = {}
    for path in sorted((folder / "mail").glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        text = mail.get_body(("plain",)).get_content()
        text = re.sub(r"/a/[\w-]{43}", "/a/TOKEN", text).replace("\r\n", "\n")
        text = re.sub(r"\b[2-9A-HJ-NP-Z]{6}\b", "REFRNC", text)
        found[mail["To"]] = f"Subject: {mail['Subject']}\n\n{text}"
        path.unlink()
    return found


def test_booking_writes_to_each_partner_in_their_language_and_zone_and_to_the_therapist(
    practice, tmp_path, golden
):
    make_appointment(practice, TEN, other_partner=SAM, format="in_person")
    deliver()

    found = mails(tmp_path)

    assert sorted(found) == ["alex@example.org", "ines@example.org", "sam@example.org"]
    golden("email/booked_first_partner.txt", found["alex@example.org"])
    golden("email/booked_second_partner_pt.txt", found["sam@example.org"])
    golden("email/booked_therapist.txt", found["ines@example.org"])


def test_no_mail_names_the_other_partner(practice, tmp_path):
    make_appointment(practice, TEN, other_partner=SAM)
    deliver()

    found = mails(tmp_path)

    assert "Sam" not in found["alex@example.org"]
    assert "Alex" not in found["sam@example.org"]
    assert not re.search("Alex|Sam|couple|casal", found["ines@example.org"])


def test_no_mail_to_a_partner_carries_a_word_that_was_typed_in_booking(practice, tmp_path):
    typed = {"Winnername", "Prizename", "zanzibar", "quokka"}
    first = EnteredPartner(name="Winnername", email="a@example.org", time_zone="UTC", language="en")
    other = EnteredPartner(name="Prizename", email="b@example.org", time_zone="UTC", language="pt")
    appointment = make_appointment(
        practice, TEN, partner=first, other_partner=other, message="zanzibar"
    )
    deliver()
    holder, later = practice.holder_of(appointment), TEN + timedelta(hours=1)
    move_appointment(appointment.id, start=later, actor=holder, now=NOW)
    deliver()
    cancel_appointment(appointment.id, reason="quokka", actor=holder, now=NOW)
    deliver()

    written = [path.read_bytes() for path in (tmp_path / "mail").glob("*.eml")]
    parts = [
        part.get_content() if part.get_content_maintype() == "text" else str(part.get_content())
        for mail in written
        for part in message_from_bytes(mail, policy=policy.default).walk()
        if not part.is_multipart()
    ]
    assert len(written) == 9
    assert {word for word in typed if word in "".join(parts) + b"".join(written).decode()} == set()


def test_moving_writes_the_new_time_and_the_one_before(practice, tmp_path, golden):
    appointment = make_appointment(practice, TEN, other_partner=SAM)
    deliver()
    mails(tmp_path)

    start = TEN + timedelta(days=1, hours=1)
    move_appointment(appointment.id, start=start, actor=practice.holder_of(appointment), now=NOW)
    deliver()

    found = mails(tmp_path)
    golden("email/moved_first_partner.txt", found["alex@example.org"])
    golden("email/moved_second_partner_pt.txt", found["sam@example.org"])
    golden("email/moved_therapist.txt", found["ines@example.org"])


def test_cancelling_writes_without_a_link(practice, tmp_path, golden):
    appointment = make_appointment(practice, TEN, other_partner=SAM)
    deliver()
    mails(tmp_path)

    cancel_appointment(appointment.id, actor=practice.holder_of(appointment), now=NOW)
    deliver()

    found = mails(tmp_path)
    golden("email/cancelled_first_partner.txt", found["alex@example.org"])
    golden("email/cancelled_second_partner_pt.txt", found["sam@example.org"])


def test_mail_about_an_outdated_time_is_left_out(practice, tmp_path):
    appointment = make_appointment(practice, TEN)
    start = TEN + timedelta(hours=1)
    move_appointment(appointment.id, start=start, actor=practice.holder_of(appointment), now=NOW)

    deliver()

    found = mails(tmp_path)
    assert found["alex@example.org"].splitlines()[0] == (
        "Subject: Clinic: Your appointment is now on Tuesday 1 December"
    )


@pytest.fixture
def asking(context):
    return make_practice(needs_confirmation=True)


def test_request_is_acknowledged_and_a_refusal_said_plainly(asking, tmp_path, golden):
    appointment = make_appointment(asking, TEN)
    deliver()
    golden("email/requested_first_partner.txt", mails(tmp_path)["alex@example.org"])

    decline_appointment(appointment.id, actor=asking.desk, now=NOW)
    deliver()

    golden("email/declined_first_partner.txt", mails(tmp_path)["alex@example.org"])


def test_unanswered_request_gives_its_time_back_after_48_hours(asking, tmp_path, golden):
    appointment = make_appointment(asking, TEN)
    deliver()
    mails(tmp_path)

    deliver(NOW + timedelta(hours=47))
    assert session().get(type(appointment), appointment.id).status == "requested"
    deliver(NOW + timedelta(hours=48))

    assert session().get(type(appointment), appointment.id).status == "expired"
    golden("email/expired_first_partner.txt", mails(tmp_path)["alex@example.org"])
    assert make_appointment(asking, TEN).starts_at == TEN


def test_expiring_leaves_an_answered_request_alone(asking):
    appointment = make_appointment(asking, TEN)
    cancel_appointment(appointment.id, actor=asking.desk, now=NOW)

    expire_when_due({"appointment": appointment.id}, NOW)

    assert session().get(type(appointment), appointment.id).status == "cancelled"


def test_delivering_twice_writes_one_mail(practice, tmp_path):
    make_appointment(practice, TEN)
    deliver()
    with transaction() as current:
        for message in current.scalars(select(OutboxMessage)):
            message.done_at = None

    deliver()

    assert len(list((tmp_path / "mail").glob("*.eml"))) == 2
    assert session().scalar(select(func.count()).where(OutboxMessage.done_at.is_(None))) == 0
