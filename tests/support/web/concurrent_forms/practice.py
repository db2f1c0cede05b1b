"""The practice: clinic, therapists, session types, hours, instruments, vocabularies."""

from __future__ import annotations

from datetime import date, timedelta

from tests.support.factories import CLOSENESS, NOW, put_on_shelf
from tests.support.practice_client import SESSION_TYPE, THERAPIST
from tests.support.web.concurrent_forms.clinic import House, case
from tests.support.web.concurrent_requests import Sent

# The practice


@case("/desk/practice/clinic")
def _(house: House) -> Sent:
    return house.form("admin", "/desk/practice/clinic", phone=f"+351 210 000 {house.next_number()}")


@case("/desk/practice/therapists/new")
def _(house: House) -> Sent:
    fields = THERAPIST | {"slug": f"rui-sousa-{house.next_number()}"}
    page = "/desk/practice/therapists/new"
    return house.form("admin", page, makes={"therapist": 1}, **fields)


@case("/desk/practice/therapists/<slug>")
def _(house: House) -> Sent:
    return house.form(
        "admin", "/desk/practice/therapists/daniel-reyes", sort=str(house.next_number())
    )


@case("/desk/practice/session-types/new")
def _(house: House) -> Sent:
    fields = SESSION_TYPE | {"slug": f"session-{house.next_number()}", "therapists": []}
    page = "/desk/practice/session-types/new"
    return house.form("admin", page, makes={"session_type": 1}, **fields)


@case("/desk/practice/session-types/<slug>")
def _(house: House) -> Sent:
    page = "/desk/practice/session-types/initial-consultation"
    return house.form("admin", page, sort=str(house.next_number()))


HOURS = "/desk/practice/therapists/daniel-reyes"


@case("/desk/practice/therapists/<slug>/hours")
def _(house: House) -> Sent:
    page = f"{HOURS}/hours"
    return house.form("admin", page)


@case("/desk/practice/therapists/<slug>/days")
def _(house: House) -> Sent:
    on = date(2027, 3, 1) + timedelta(days=house.next_number())
    return house.form(
        "admin",
        f"{HOURS}/hours",
        f"{HOURS}/days",
        {"day_override": 1},
        **{"day-on": str(on), "on": str(on)},
    )


@case("/desk/practice/therapists/<slug>/days/<on>/remove")
def _(house: House) -> Sent:
    from clinic.practice.hours.service import set_day_override
    from clinic.practice.rules.edit_commands import DayHours

    on = date(2028, 3, 1) + timedelta(days=house.next_number())
    house.do(
        lambda: set_day_override("daniel-reyes", hours=DayHours(on, ()), actor=house.admin, now=NOW)
    )
    return house.by("admin", f"{HOURS}/days/{on}/remove", {"day_override": -1})


def away(house: House) -> dict[str, str]:
    day = date(2027, 6, 1) + timedelta(days=house.next_number())
    return {"start": f"{day}T09:00", "end": f"{day}T12:00"}


@case("/desk/practice/therapists/<slug>/time-off")
def _(house: House) -> Sent:
    given = away(house)
    fields = {f"away-{name}": value for name, value in given.items()}
    return house.form("admin", f"{HOURS}/hours", f"{HOURS}/time-off", {"time_off": 1}, **fields)


@case("/desk/practice/therapists/<slug>/time-off/<time_off_id>/remove")
def _(house: House) -> Sent:
    from clinic.practice.hours.service import add_time_off
    from clinic.practice.rules.edit_commands import AbsenceTimes

    absence = AbsenceTimes(**away(house))
    made = house.do(
        lambda: add_time_off("daniel-reyes", absence=absence, actor=house.admin, now=NOW).id
    )
    return house.by("admin", f"{HOURS}/time-off/{made}/remove", {"time_off": -1})


@case("/desk/practice/closures")
def _(house: House) -> Sent:
    given = away(house) | {"name": f"Retreat {house.next_number()}"}
    fields = {f"closure-{name}": value for name, value in given.items()}
    return house.form("admin", "/desk/practice/closures", makes={"closure": 1}, **fields)


@case("/desk/practice/closures/<closure_id>/remove")
def _(house: House) -> Sent:
    from clinic.practice.hours.service import add_closure
    from clinic.practice.rules.edit_commands import AbsenceTimes, ClinicClosure

    closure = ClinicClosure(name="Retreat", away=AbsenceTimes(**away(house)))
    made = house.do(lambda: add_closure(closure, actor=house.admin, now=NOW).id)
    return house.by("admin", f"/desk/practice/closures/{made}/remove", {"closure": -1})


@case("/desk/practice/instruments")
def _(house: House) -> Sent:
    text = CLOSENESS.read_text(encoding="utf-8").replace('"2"', f'"{house.next_number()}"', 1)
    path = "/desk/practice/instruments"
    return house.by("admin", path, {"instrument": 1}, file=text.encode())


@case("/desk/practice/instruments/<code>/<version>/<language>/retire")
def _(house: House) -> Sent:
    house.do(lambda: put_on_shelf(house.led_couple()))
    from clinic.practice.instruments.service import list_instruments

    one = house.do(lambda: list_instruments(house.clinic)[0].instrument)
    path = f"/desk/practice/instruments/{one.code}/{one.version}/{one.language}/retire"
    return house.by("admin", path)


ACTS = "/desk/practice/vocabularies/repair_act"
WORDS = {"label_pt": "Uma", "definition_en": "One.", "definition_pt": "Um.", "sort": "35"}


@case("/desk/practice/vocabularies/<name>/new")
def _(house: House) -> Sent:
    label = f"Wrote letter {house.next_number()}"
    makes = {"vocabulary_term": 1}
    return house.form("admin", f"{ACTS}/new", makes=makes, **WORDS, label_en=label)


def own_term(house: House, *, retired: bool = False) -> str:
    from clinic.practice.vocabularies.service import TermDetails, add_term, retire_term

    label = f"Own act {house.next_number()}"

    def make() -> str:
        details = TermDetails(
            label_en=label, label_pt=label, definition_en="One.", definition_pt="Um.", sort=5
        )
        code = add_term("repair_act", details, actor=house.admin, now=NOW)
        if retired:
            retire_term("repair_act", code, actor=house.admin, now=NOW)
        return code

    return house.do(make)


@case("/desk/practice/vocabularies/<name>/terms/<code>")
def _(house: House) -> Sent:
    page = f"{ACTS}/terms/{own_term(house)}"
    return house.form("admin", page, definition_en="Another one.")


@case("/desk/practice/vocabularies/<name>/terms/<code>/retire")
def _(house: House) -> Sent:
    return house.by("admin", f"{ACTS}/terms/{own_term(house)}/retire")


@case("/desk/practice/vocabularies/<name>/terms/<code>/take-up")
def _(house: House) -> Sent:
    return house.by("admin", f"{ACTS}/terms/{own_term(house, retired=True)}/take-up")
