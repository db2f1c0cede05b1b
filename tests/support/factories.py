"""One factory for each thing a test needs; each stores a plain, believable row and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from clinic.accounts.administration.service import create_account
from clinic.accounts.models import Account
from clinic.booking.appointments.book import book_appointment
from clinic.booking.appointments.models import Appointment
from clinic.booking.rules.contact_details import BookingRequest, EnteredPartner
from clinic.couples.service import PartnerDetails, enrol_couple
from clinic.foundation.database.transactions import new_id, transaction
from clinic.foundation.permissions.actors import Actor, Role
from clinic.notes.rules.note_content import Attendance, Intervention, NoteContent, SafetyCheck
from clinic.notes.rules.transparency_window import Happening, RunDetails
from clinic.notes.session_notes.service import enter_note, save_draft
from clinic.notes.signing.signing import seal_when_due, sign_note
from clinic.practice.clinic.clinics import open_clinic
from clinic.practice.instruments.service import add_instrument, list_instruments
from clinic.practice.models import (
    Clinic,
    SessionType,
    Therapist,
    TherapistSessionType,
    WeeklyHoursRow,
)
from tests.support.paths import DATA

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NINE_TO_FIVE = (9 * 60, 17 * 60)


def make_clinic(**changes: Any) -> Clinic:
    values: dict[str, Any] = {
        "slug": "seam",
        "name": "Test Clinic",
        "short_name": "Clinic",
        "time_zone": "Europe/Lisbon",
        "email": "clinic@example.org",
        "now": NOW,
    }
    return open_clinic(**(values | changes))


def make_session_type(clinic: Clinic, **changes: Any) -> SessionType:
    values: dict[str, Any] = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "slug": "initial-consultation",
        "name": {"en": "Initial consultation", "pt": "Consulta inicial"},
        "length_minutes": 30,
        "notice_minutes": 60,
        "horizon_days": 60,
        "grid_minutes": 30,
        "formats": ["online", "in_person"],
    }
    with transaction() as session:
        row = SessionType(**(values | changes))
        session.add(row)
    return row


def make_therapist(
    clinic: Clinic,
    *,
    session_types: Sequence[SessionType] = (),
    hours: Sequence[tuple[int, int, int]] = tuple((day, *NINE_TO_FIVE) for day in range(5)),
    **changes: Any,
) -> Therapist:
    """`hours` are (weekday, start minute, end minute); Monday to Friday nine to five by default."""
    values: dict[str, Any] = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "slug": "ines-duarte",
        "name": "Inês Duarte",
        "time_zone": "Europe/Lisbon",
        "languages": ["en", "pt"],
        "formats": ["online", "in_person"],
        "modalities": ["efct"],
        "concerns": [],
        "created_at": NOW,
    }
    with transaction() as session:
        row = Therapist(**(values | changes))
        session.add(row)
        session.flush()
        session.add_all(
            TherapistSessionType(therapist_id=row.id, session_type_id=kind.id)
            for kind in session_types
        )
        session.add_all(
            WeeklyHoursRow(
                id=new_id(), therapist_id=row.id, weekday=day, start_minute=start, end_minute=end
            )
            for day, start, end in hours
        )
    return row


@dataclass(frozen=True)
class Practice:
    """A clinic with one therapist who offers one session type."""

    clinic: Clinic
    therapist: Therapist
    session_type: SessionType

    @property
    def visitor(self) -> Actor:
        return Actor(clinic_id=self.clinic.id)

    @property
    def desk(self) -> Actor:
        return Actor(
            clinic_id=self.clinic.id,
            name="account:desk",
            account_id="desk",
            roles=frozenset({Role.FRONT_DESK}),
        )

    def holder_of(self, appointment: Appointment) -> Actor:
        return Actor(clinic_id=self.clinic.id, name="link:test", appointment_id=appointment.id)


def make_practice(**session_type: Any) -> Practice:
    clinic = make_clinic()
    kind = make_session_type(clinic, **session_type)
    therapist = make_therapist(clinic, session_types=[kind])
    return Practice(clinic, therapist, kind)


def a_request(start: datetime, **changes: Any) -> BookingRequest:
    values: dict[str, Any] = {
        "therapist": "ines-duarte",
        "session_type": "initial-consultation",
        "start": start,
        "format": "online",
        "partner": EnteredPartner(
            name="Alex Example",
            email="alex@example.org",
            time_zone="Europe/Lisbon",
            language="en",
        ),
        "privacy_accepted": True,
    }
    return BookingRequest(**(values | changes))


def make_appointment(
    practice: Practice, start: datetime, *, now: datetime = NOW, **changes: Any
) -> Appointment:
    return book_appointment(a_request(start, **changes), actor=practice.visitor, now=now)


PASSWORD = "lanterns over quiet water"


def make_account(clinic: Clinic, **changes: Any) -> Account:
    values: dict[str, Any] = {
        "email": "ines.duarte@example.org",
        "name": "Inês Duarte",
        "password": PASSWORD,
        "roles": [Role.THERAPIST],
        "actor": Actor(clinic_id=clinic.id, name="system:test", is_system=True),
        "now": NOW,
    }
    return create_account(**(values | changes))


@dataclass(frozen=True)
class CareCouple:
    """A couple in care with the practice's therapist, and everybody who might look into its chart."""

    practice: Practice
    id: str
    code: str

    def _staff(self, name: str, role: Role, therapist_id: str | None = None) -> Actor:
        return Actor(
            clinic_id=self.practice.clinic.id,
            name=f"account:{name}",
            account_id=name,
            roles=frozenset({role}),
            therapist_id=therapist_id,
        )

    @property
    def lead(self) -> Actor:
        return self._staff("lead", Role.THERAPIST, self.practice.therapist.id)

    @property
    def other_therapist(self) -> Actor:
        return self._staff("other", Role.THERAPIST, "0" * 32)

    @property
    def supervisor(self) -> Actor:
        return self._staff("supervisor", Role.SUPERVISOR)

    @property
    def desk(self) -> Actor:
        return self._staff("desk", Role.FRONT_DESK)

    @property
    def admin(self) -> Actor:
        return self._staff("admin", Role.ADMIN)


def make_care_couple(practice: Practice | None = None, **changes: Any) -> CareCouple:
    practice = practice or make_practice()
    values: dict[str, Any] = {
        "partners": [
            PartnerDetails(
                name=name,
                email=f"{name.split()[0].lower()}@example.org",
                time_zone="Europe/Lisbon",
                language="en",
            )
            for name in ("Alex Example", "Sam Example")
        ],
        "lead_therapist_id": practice.therapist.id,
        "actor": Actor(clinic_id=practice.clinic.id, name="system:test", is_system=True),
        "now": datetime(2026, 2, 2, 9, 0, tzinfo=UTC),
    }
    couple = enrol_couple(**(values | changes))
    return CareCouple(practice, couple.id, couple.code)


def a_note(**changes: Any) -> NoteContent:
    """A note with nothing missing, where no rupture is open."""
    values: dict[str, Any] = {
        "attendance": (Attendance("A", "present"), Attendance("B", "present")),
        "safety": SafetyCheck("nil_noted"),
        "interventions": (Intervention("eft_step_2"),),
        "responses": (("A", "Softened when asked twice."), ("B", "Stayed and listened.")),
        "plan": "Ten quiet minutes on Sunday.",
    }
    return NoteContent(**(values | changes))


def make_note(
    couple: CareCouple, content: NoteContent | None = None, *, at: datetime, now: datetime
) -> str:
    """A saved draft of a session of 50 minutes without an appointment; its id."""
    note_id = enter_note(
        couple.code,
        held_from=at,
        held_until=at + timedelta(minutes=50),
        actor=couple.lead,
        now=now,
    )
    save_draft(note_id, content=content or a_note(), revision=1, actor=couple.lead, now=now)
    return note_id


def make_signed_note(
    couple: CareCouple, content: NoteContent | None = None, *, at: datetime, sealed: bool = True
) -> str:
    """A note signed an hour after its session began and, unless told otherwise, sealed; its id."""
    now = at + timedelta(hours=1)
    note_id = make_note(couple, content, at=at, now=now)
    sign_note(note_id, revision=2, proved_at=now, actor=couple.lead, now=now)
    if sealed:
        seal_when_due({"note": note_id}, now + timedelta(minutes=15))
    return note_id


def a_run(*, then: tuple[Happening, ...] = (), **changes: Any) -> RunDetails:
    """The run of the worked example up to its pause at 340 seconds, and what came `then`."""
    log = (
        Happening(0, "start"),
        Happening(0, "tick", "B", 3),
        Happening(150, "tick", "B", 5),
        Happening(340, "tick", "B", 6),
        *then,
    )
    values: dict[str, Any] = {
        "asker": "A",
        "listener": "B",
        "question": "Do you still think of that evening?",
        "consent_a": True,
        "consent_b": True,
        "log": log,
    }
    return RunDetails(**(values | changes))


CLOSENESS = DATA / "closeness.json"


def add_closeness(couple: CareCouple) -> str:
    """The made-up instrument on the shelf of the couple's clinic; its id."""
    add_instrument(CLOSENESS.read_text(encoding="utf-8"), actor=couple.admin, now=NOW)
    return list_instruments(couple.admin.clinic_id)[0].id
