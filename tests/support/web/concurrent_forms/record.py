"""The couple's record: notes, flags, ruptures, what is told at home."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from clinic.foundation.database.transactions import new_id, session
from clinic.foundation.permissions.actors import Role
from clinic.notes.record.rupture_models import RepairAttempt
from clinic.notes.rules.clinical_values import FlagDetails
from clinic.notes.rules.json_values import dump
from clinic.notes.rules.note_content import Attempt, NewRupture
from clinic.notes.ruptures.safety_flags import open_safety_flag
from clinic.notes.session_notes.queries import read_note
from clinic.notes.signing.signing import sign_note
from tests.support.factories import (
    NOW,
    PASSWORD,
    a_note,
    add_closeness,
    make_note,
    make_signed_note,
)
from tests.support.notes.record_client import WHOLE
from tests.support.web.concurrent_forms.clinic import StaffedClinic, case
from tests.support.web.concurrent_requests import Sent
from tests.web.test_routes_as_each_role import LedCouple

YESTERDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)


# The record


def on_couple(clinic: StaffedClinic, rest: str) -> str:
    return f"/desk/couples/{clinic.couple().code}/{rest}"


def note(clinic: StaffedClinic) -> tuple[LedCouple, str]:
    couple = clinic.couple()
    return couple, clinic.do(lambda: make_note(couple, at=YESTERDAY, now=NOW))


def signed(clinic: StaffedClinic, *, sealed: bool) -> str:
    couple = clinic.couple()
    at = YESTERDAY if sealed else NOW - timedelta(hours=1)
    return clinic.do(lambda: make_signed_note(couple, at=at, sealed=sealed))


@case("/desk/couples/<code>/notes/new")
def _(clinic: StaffedClinic) -> Sent:
    page = on_couple(clinic, "notes/new")
    return clinic.form("ines", page, makes={"session_note": 1}, **HELD)


HELD = {"on": "2026-11-20", "begins": "10:00", "ends": "10:50", "kind": "joint"}


@case("/desk/notes/<note_id>")
def _(clinic: StaffedClinic) -> Sent:
    _couple, note_id = note(clinic)
    fields = WHOLE | {"revision": "2", "plan": "Other."}
    return clinic.by("ines", f"/desk/notes/{note_id}", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/autosave")
def _(clinic: StaffedClinic) -> Sent:
    _couple, note_id = note(clinic)
    fields = WHOLE | {"revision": "2", "plan": "Other."}
    return clinic.by("ines", f"/desk/notes/{note_id}/autosave", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/merge")
def _(clinic: StaffedClinic) -> Sent:
    couple, note_id = note(clinic)
    mine = clinic.do(lambda: dump(read_note(note_id, actor=couple.lead, now=NOW).body))
    fields = {"revision": "2", "mine": mine, "choose.plan": "mine"}
    return clinic.by("ines", f"/desk/notes/{note_id}/merge", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/sign")
def _(clinic: StaffedClinic) -> Sent:
    couple = clinic.couple()
    note_id = clinic.do(lambda: make_note(couple, at=NOW - timedelta(hours=1), now=NOW))
    fields = {"revision": "2", "password": PASSWORD}
    return clinic.by("ines", f"/desk/notes/{note_id}/sign", {"note_version": 1}, **fields)


@case("/desk/notes/<note_id>/recall")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("ines", f"/desk/notes/{signed(clinic, sealed=False)}/recall")


@case("/desk/notes/<note_id>/addenda")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"kind": "addendum", "text": "More.", "reason": "Left out", "password": PASSWORD}
    path = f"/desk/notes/{signed(clinic, sealed=True)}/addenda"
    return clinic.by("ines", path, {"note_addendum": 1}, **fields)


@case("/desk/notes/<note_id>/cosign")
def _(clinic: StaffedClinic) -> Sent:
    couple = clinic.couple()

    def make() -> str:
        now = YESTERDAY + timedelta(hours=1)
        note_id = make_note(couple, at=YESTERDAY, now=now)
        sign_note(note_id, revision=2, proved_at=now, for_cosign=True, actor=couple.lead, now=now)
        return note_id

    return clinic.by("supervisor", f"/desk/notes/{clinic.do(make)}/cosign", password=PASSWORD)


@case("/desk/couples/<code>/process-notes")
def _(clinic: StaffedClinic) -> Sent:
    makes = {"process_note": 1, "data_key": 1}
    return clinic.by("ines", on_couple(clinic, "process-notes"), makes, text="Unease.")


@case("/desk/couples/<code>/restricted/disclosures")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"by": "A", "text": "Told alone.", "review_on": "2026-12-01"}
    path = on_couple(clinic, "restricted/disclosures")
    return clinic.by("ines", path, {"individual_disclosure": 1}, **fields)


@case("/desk/couples/<code>/restricted/flags")
def _(clinic: StaffedClinic) -> Sent:
    fields = {
        "about": "Shouting",
        "level": "1",
        "action": "Seen alone",
        "flag_review_on": "2026-12-01",
    }
    return clinic.by("ines", on_couple(clinic, "restricted/flags"), {"safety_flag": 1}, **fields)


@case("/desk/couples/<code>/restricted/flags/<flag_id>/clear")
def _(clinic: StaffedClinic) -> Sent:
    couple = clinic.couple()
    flag = clinic.do(
        lambda: open_safety_flag(
            couple.code,
            FlagDetails("Shouting", 2, "Seen alone"),
            review_on=date(2026, 12, 1),
            actor=couple.lead,
            now=NOW,
        )
    )
    path = f"/desk/couples/{couple.code}/restricted/flags/{flag}/clear"
    return clinic.by("ines", path, because="Both are safe.")


def rupture(clinic: StaffedClinic, *more: str) -> str:
    """The path of a couple's ruptures R-01 and on."""
    couple = clinic.couple()
    content = a_note(
        new_ruptures=tuple(
            NewRupture(title, ("secrecy",), None, 3, key=f"n{at}")
            for at, title in enumerate(("Alone", *more))
        ),
        attempts=(Attempt("A", ("appreciation",), "partly", "n0"),),
    )
    clinic.do(lambda: make_signed_note(couple, content, at=YESTERDAY))
    return f"/desk/couples/{couple.code}/ruptures/R-01"


@case("/desk/couples/<code>/ruptures/<ref>/status")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"to": "closed_unrepaired", "reason": "other", "text": "They parted."}
    return clinic.by("ines", f"{rupture(clinic)}/status", {"rupture_event": 1}, **fields)


@case("/desk/couples/<code>/ruptures/<ref>/reverse")
def _(clinic: StaffedClinic) -> Sent:
    path = rupture(clinic)
    parked = clinic.by("ines", f"{path}/status", to="parked", reason="agreement")
    assert parked.browser.post(parked.path, data=parked.fields).status_code == 302
    makes = {"rupture_event": 1}
    return clinic.form("ines", path, f"{path}/reverse", makes, reason="wrong_date")


@case("/desk/couples/<code>/ruptures/<ref>/merge")
def _(clinic: StaffedClinic) -> Sent:
    path = rupture(clinic, "Another").replace("R-01", "R-02")
    return clinic.by("ines", f"{path}/merge", {"rupture_event": 2}, target="R-01")


@case("/desk/couples/<code>/ruptures/<ref>/split")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"title": "A part", "types": "secrecy", "significance": "2"}
    makes = {"rupture": 1, "rupture_event": 2}
    return clinic.by("ines", f"{rupture(clinic)}/split", makes, **fields)


@case("/desk/couples/<code>/ruptures/<ref>/visibility")
def _(clinic: StaffedClinic) -> Sent:
    fields = {"visibility": "restricted", "revision": "1"}
    return clinic.by("ines", f"{rupture(clinic)}/visibility", **fields)


@case("/desk/couples/<code>/at-home/attempts")
def _(clinic: StaffedClinic) -> Sent:
    fields = {
        "attempt-key": new_id(),
        "attempt-happened_on": "2026-11-20",
        "attempt-by": "B",
        "attempt-acts": "appreciation",
        "attempt-receipt": "partly",
    }
    path = on_couple(clinic, "at-home/attempts")
    return clinic.by("ines", path, {"repair_attempt": 1}, **fields)


@case("/desk/couples/<code>/at-home/ratings")
def _(clinic: StaffedClinic) -> Sent:
    fields = {
        "rating-key": new_id(),
        "rating-partner": "A",
        "rating-source": "self",
        "rating-told_on": "2026-11-20",
        "rating-felt_safety": "7",
    }
    path = on_couple(clinic, "at-home/ratings")
    return clinic.by("ines", path, {"partner_rating": 1}, **fields)


@case("/desk/couples/<code>/told/<what>/<entry_id>/in-error")
def _(clinic: StaffedClinic) -> Sent:
    code = rupture(clinic).split("/")[3]

    def entry() -> str:
        return session().scalars(sa.select(RepairAttempt.id).order_by(RepairAttempt.id)).all()

    before = set(clinic.do(entry))
    code = rupture(clinic).split("/")[3]
    (made,) = set(clinic.do(entry)) - before
    path = f"/desk/couples/{code}/told/attempt/{made}/in-error"
    return clinic.by("ines", path, {"entry_in_error": 1}, reason="Another couple's.")


@case("/desk/couples/<code>/cycle/new")
def _(clinic: StaffedClinic) -> Sent:
    page = on_couple(clinic, "cycle/new")
    return clinic.form("ines", page, makes={"cycle_map": 1}, trigger="Silence", pattern="mixed")


@case("/desk/couples/<code>/windows/new")
def _(clinic: StaffedClinic) -> Sent:
    from tests.notes.pages.between_sessions.test_window_views import WINDOW

    return clinic.form(
        "ines", on_couple(clinic, "windows/new"), makes={"exercise_run": 1}, **WINDOW
    )


@case("/desk/couples/<code>/measures/new/<instrument_id>")
def _(clinic: StaffedClinic) -> Sent:
    shelf = clinic.do(lambda: add_closeness(clinic.led_couple()))
    fields = {"partner": "A", "taken_on": "2026-11-22", "totals.total": "13,5"}
    page = on_couple(clinic, f"measures/new/{shelf}")
    return clinic.form("ines", page, makes={"measure_response": 1}, **fields)


@case("/desk/emergency")
def _(clinic: StaffedClinic) -> Sent:
    name = clinic.account(Role.THERAPIST, Role.ADMIN)
    clinic.sign_in(name)
    fields = {"code": clinic.couple().code, "reason": "Their therapist is ill; a call cannot wait."}
    makes = {"emergency_access": 1}
    return clinic.form(name, "/desk/emergency", None, makes, **fields, password=PASSWORD)
