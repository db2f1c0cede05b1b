"""What calendar programs get with the mails about an appointment, from its first to its last."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from html import unescape

import icalendar
import pytest

from clinic.booking.appointments.changes import (
    cancel_appointment,
    confirm_appointment,
    decline_appointment,
    expire_request,
    move_appointment,
)
from clinic.booking.rules.contact_details import EnteredPartner
from clinic.calendars.feeds.queries import content_of
from clinic.calendars.feeds.service import create_therapist_feed
from clinic.calendars.feeds.settings import FeedSettings
from clinic.foundation import outbox
from clinic.foundation.database.transactions import transaction
from clinic.foundation.permissions.actors import Actor, Role
from clinic.practice.models import Therapist
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
    return made


def system(practice):
    return Actor(clinic_id=practice.clinic.id, name="system:x", is_system=True)


def mails(folder):
    """Every mail that is due, by recipient; and forget them."""
    while outbox.deliver_due(now=NOW):
        pass
    found = {}
    for path in sorted((folder / "mail").glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        found[mail["To"]] = mail
        path.unlink()
    return found


def part_of(mail):
    """The one text/calendar part: its `method=` and its event; the attachment is the same."""
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    (attached,) = [one for one in mail.walk() if one.get_content_type() == "application/ics"]
    body = part.get_payload(decode=True)
    assert attached.get_payload(decode=True) == body
    calendar = icalendar.Calendar.from_ical(body)
    (event,) = calendar.walk("VEVENT")
    assert part.get_param("method") == str(calendar["METHOD"])
    assert part.get_param("charset") == "UTF-8"
    assert str(event["ORGANIZER"]) == f"mailto:{mail['From'].addresses[0].addr_spec}"
    assert str(event["ATTENDEE"]) == f"mailto:{mail['To']}"
    return str(calendar["METHOD"]), event


def said(mail):
    method, event = part_of(mail)
    start = event["DTSTART"].dt.astimezone(UTC)
    return method, str(event["STATUS"]), int(event["SEQUENCE"]), start


def test_booked_moved_and_cancelled_are_three_versions_of_one_entry(practice, tmp_path):
    appointment = make_appointment(practice, TEN)
    told = [mails(tmp_path)["alex@example.org"]]
    later = TEN + timedelta(hours=2)
    move_appointment(appointment.id, start=later, actor=practice.desk, now=NOW)
    told.append(mails(tmp_path)["alex@example.org"])
    cancel_appointment(appointment.id, actor=practice.desk, now=NOW)
    told.append(mails(tmp_path)["alex@example.org"])

    assert [said(mail) for mail in told] == [
        ("REQUEST", "CONFIRMED", 0, TEN),
        ("REQUEST", "CONFIRMED", 1, later),
        ("CANCEL", "CANCELLED", 2, later),
    ]
    assert {str(part_of(mail)[1]["UID"]) for mail in told} == {appointment.uid}


@pytest.mark.parametrize(
    ("answer", "method", "status"),
    [
        (confirm_appointment, "REQUEST", "CONFIRMED"),
        (decline_appointment, "CANCEL", "CANCELLED"),
        (expire_request, "CANCEL", "CANCELLED"),
    ],
)
def test_request_is_tentative_until_it_is_answered(practice, tmp_path, answer, method, status):
    with transaction() as current:
        current.merge(practice.session_type).needs_confirmation = True
    appointment = make_appointment(practice, TEN)
    first = mails(tmp_path)["alex@example.org"]
    answer(appointment.id, actor=system(practice), now=NOW)
    second = mails(tmp_path)["alex@example.org"]

    assert said(first) == ("REQUEST", "TENTATIVE", 0, TEN)
    assert said(second) == (method, status, 1, TEN)


def test_each_partner_is_the_only_attendee_of_their_own_and_the_therapist_of_none(
    practice, tmp_path
):
    make_appointment(practice, TEN, other_partner=SAM, message="We argue")

    found = mails(tmp_path)
    alex, sam = found["alex@example.org"], found["sam@example.org"]

    assert part_of(alex)[1]["UID"] == part_of(sam)[1]["UID"]
    assert b"sam" not in alex.as_bytes().lower()
    assert b"alex" not in sam.as_bytes().lower()
    for mail, name in ((alex, "Alex"), (sam, "Sam")):
        body = part_of(mail)[1].to_ical().decode()
        for word in (name, "Duarte", "argue", "Clinic", "ouple"):
            assert word not in body
    therapists = found["ines@example.org"]
    assert [part.get_content_type() for part in therapists.walk()] == ["text/plain"]


def test_partners_mail_is_text_page_and_invitation_and_the_file_beside_them(practice, tmp_path):
    make_appointment(practice, TEN, other_partner=SAM)

    found = mails(tmp_path)

    for to, language in (("alex@example.org", "en"), ("sam@example.org", "pt")):
        mail = found[to]
        assert [part.get_content_type() for part in mail.walk()] == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/ics",
        ]
        text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
        link = re.search(r"http\S+/a/[\w-]{43}", text)[0]
        assert f'<html lang="{language}">' in page
        assert f'<a href="{link}">{link}</a>' in page
        shown = unescape(re.sub(r"<[^>]+>", "", page))
        assert shown.split() == text.split()


def test_invitation_carries_uid_sequence_and_times_of_the_feed(practice, tmp_path):
    appointment = make_appointment(practice, TEN)
    move_appointment(appointment.id, start=TEN + timedelta(hours=1), actor=practice.desk, now=NOW)
    admin = Actor(clinic_id=practice.clinic.id, roles=frozenset({Role.ADMIN}))
    feed, _token = create_therapist_feed(
        practice.therapist.id, name="x", settings=FeedSettings(), actor=admin, now=NOW
    )
    (entry,) = content_of(feed, summary="Session", now=NOW).entries

    _method, event = part_of(mails(tmp_path)["alex@example.org"])

    assert (str(event["UID"]), event["SEQUENCE"], event["DTSTAMP"].dt) == (
        entry.uid,
        entry.sequence,
        entry.updated_at,
    )
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (entry.starts_at, entry.ends_at)
