"""The practice: clinic, therapists, session types, hours, instruments, vocabularies."""

from __future__ import annotations

from datetime import date, timedelta

from tests.support.factories import CLOSENESS, NOW, add_closeness
from tests.support.practice_client import SESSION_TYPE, THERAPIST
from tests.support.web.concurrent_forms.clinic import StaffedClinic, case
from tests.support.web.concurrent_requests import Sent

# The practice


@case("/desk/practice/clinic")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.form(
        "admin", "/desk/practice/clinic", phone=f"+351 210 000 {clinic.next_number()}"
    )


@case("/desk/practice/therapists/new")
def _(clinic: StaffedClinic) -> Sent:
    fields = THERAPIST | {"slug": f"rui-sousa-{clinic.next_number()}"}
    page = "/desk/practice/therapists/new"
    return clinic.form("admin", page, makes={"therapist": 1}, **fields)


@case("/desk/practice/therapists/<slug>")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.form(
        "admin", "/desk/practice/therapists/daniel-reyes", sort=str(clinic.next_number())
    )


@case("/desk/practice/session-types/new")
def _(clinic: StaffedClinic) -> Sent:
    fields = SESSION_TYPE | {"slug": f"session-{clinic.next_number()}", "therapists": []}
    page = "/desk/practice/session-types/new"
    return clinic.form("admin", page, makes={"session_type": 1}, **fields)


@case("/desk/practice/session-types/<slug>")
def _(clinic: StaffedClinic) -> Sent:
    page = "/desk/practice/session-types/initial-consultation"
    return clinic.form("admin", page, sort=str(clinic.next_number()))


HOURS = "/desk/practice/therapists/daniel-reyes"


@case("/desk/practice/therapists/<slug>/hours")
def _(clinic: StaffedClinic) -> Sent:
    page = f"{HOURS}/hours"
    return clinic.form("admin", page)


@case("/desk/practice/therapists/<slug>/days")
def _(clinic: StaffedClinic) -> Sent:
    on = date(2027, 3, 1) + timedelta(days=clinic.next_number())
    return clinic.form(
        "admin",
        f"{HOURS}/hours",
        f"{HOURS}/days",
        {"day_override": 1},
        **{"day-on": str(on), "on": str(on)},
    )


@case("/desk/practice/therapists/<slug>/days/<on>/remove")
def _(clinic: StaffedClinic) -> Sent:
    from clinic.practice.hours.service import set_day_override
    from clinic.practice.rules.edit_commands import DayHours

    on = date(2028, 3, 1) + timedelta(days=clinic.next_number())
    clinic.do(
        lambda: set_day_override(
            "daniel-reyes", hours=DayHours(on, ()), actor=clinic.admin, now=NOW
        )
    )
    return clinic.by("admin", f"{HOURS}/days/{on}/remove", {"day_override": -1})


def away(clinic: StaffedClinic) -> dict[str, str]:
    day = date(2027, 6, 1) + timedelta(days=clinic.next_number())
    return {"start": f"{day}T09:00", "end": f"{day}T12:00"}


@case("/desk/practice/therapists/<slug>/time-off")
def _(clinic: StaffedClinic) -> Sent:
    given = away(clinic)
    fields = {f"away-{name}": value for name, value in given.items()}
    return clinic.form("admin", f"{HOURS}/hours", f"{HOURS}/time-off", {"time_off": 1}, **fields)


@case("/desk/practice/therapists/<slug>/time-off/<time_off_id>/remove")
def _(clinic: StaffedClinic) -> Sent:
    from clinic.practice.hours.service import add_time_off
    from clinic.practice.rules.edit_commands import AbsenceTimes

    absence = AbsenceTimes(**away(clinic))
    made = clinic.do(
        lambda: add_time_off("daniel-reyes", absence=absence, actor=clinic.admin, now=NOW).id
    )
    return clinic.by("admin", f"{HOURS}/time-off/{made}/remove", {"time_off": -1})


@case("/desk/practice/closures")
def _(clinic: StaffedClinic) -> Sent:
    given = away(clinic) | {"name": f"Retreat {clinic.next_number()}"}
    fields = {f"closure-{name}": value for name, value in given.items()}
    return clinic.form("admin", "/desk/practice/closures", makes={"closure": 1}, **fields)


@case("/desk/practice/closures/<closure_id>/remove")
def _(clinic: StaffedClinic) -> Sent:
    from clinic.practice.hours.service import add_closure
    from clinic.practice.rules.edit_commands import AbsenceTimes, ClinicClosure

    closure = ClinicClosure(name="Retreat", away=AbsenceTimes(**away(clinic)))
    made = clinic.do(lambda: add_closure(closure, actor=clinic.admin, now=NOW).id)
    return clinic.by("admin", f"/desk/practice/closures/{made}/remove", {"closure": -1})


@case("/desk/practice/instruments")
def _(clinic: StaffedClinic) -> Sent:
    text = CLOSENESS.read_text(encoding="utf-8").replace('"2"', f'"{clinic.next_number()}"', 1)
    path = "/desk/practice/instruments"
    return clinic.by("admin", path, {"instrument": 1}, file=text.encode())


@case("/desk/practice/instruments/<code>/<version>/<language>/retire")
def _(clinic: StaffedClinic) -> Sent:
    clinic.do(lambda: add_closeness(clinic.led_couple()))
    from clinic.practice.instruments.service import list_instruments

    one = clinic.do(lambda: list_instruments(clinic.clinic)[0].instrument)
    path = f"/desk/practice/instruments/{one.code}/{one.version}/{one.language}/retire"
    return clinic.by("admin", path)


ACTS = "/desk/practice/vocabularies/repair_act"
WORDS = {"label_pt": "Uma", "definition_en": "One.", "definition_pt": "Um.", "sort": "35"}


@case("/desk/practice/vocabularies/<name>/new")
def _(clinic: StaffedClinic) -> Sent:
    label = f"Wrote letter {clinic.next_number()}"
    makes = {"vocabulary_term": 1}
    return clinic.form("admin", f"{ACTS}/new", makes=makes, **WORDS, label_en=label)


def own_term(clinic: StaffedClinic, *, retired: bool = False) -> str:
    from clinic.practice.vocabularies.service import TermDetails, add_term, retire_term

    label = f"Own act {clinic.next_number()}"

    def make() -> str:
        details = TermDetails(
            label_en=label, label_pt=label, definition_en="One.", definition_pt="Um.", sort=5
        )
        code = add_term("repair_act", details, actor=clinic.admin, now=NOW)
        if retired:
            retire_term("repair_act", code, actor=clinic.admin, now=NOW)
        return code

    return clinic.do(make)


@case("/desk/practice/vocabularies/<name>/terms/<code>")
def _(clinic: StaffedClinic) -> Sent:
    page = f"{ACTS}/terms/{own_term(clinic)}"
    return clinic.form("admin", page, definition_en="Another one.")


@case("/desk/practice/vocabularies/<name>/terms/<code>/retire")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("admin", f"{ACTS}/terms/{own_term(clinic)}/retire")


@case("/desk/practice/vocabularies/<name>/terms/<code>/take-up")
def _(clinic: StaffedClinic) -> Sent:
    return clinic.by("admin", f"{ACTS}/terms/{own_term(clinic, retired=True)}/take-up")
