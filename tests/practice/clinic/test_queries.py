from datetime import UTC, date, datetime

from clinic.practice.clinic.queries import ScheduleRows, schedules
from clinic.practice.hours.service import add_closure
from clinic.practice.rules.edit_commands import AbsenceTimes, ClinicClosure
from tests.support.factories import make_clinic, make_therapist
from tests.support.practice.hours import DAY, NOW, admin_of, counted_queries, fill


def test_schedules_hold_all_that_reaches_the_window(context):
    clinic = make_clinic()
    ines = make_therapist(clinic, hours=[(1, 540, 720), (0, 1320, 1560)])
    other = make_therapist(clinic, slug="other", hours=[])
    fill(clinic, "ines-duarte", 20)
    closure = ClinicClosure("Day of the city", AbsenceTimes("2026-12-10T08:00", "2026-12-10T20:00"))
    add_closure(closure, actor=admin_of(clinic), now=NOW)
    closed = (datetime(2026, 12, 10, 8, tzinfo=UTC), datetime(2026, 12, 10, 20, tzinfo=UTC))

    found = schedules(
        [ines.id, other.id],
        from_=datetime(2026, 12, 10, 0, tzinfo=UTC),
        to=datetime(2026, 12, 11, 0, tzinfo=UTC),
    )

    days = [date(2026, 12, day) for day in range(8, 14)]
    assert found == {
        ines.id: ScheduleRows(
            weekly=((0, 1320, 1560), (1, 540, 720)),
            overrides=tuple((day, ((540, 600),)) for day in days),
            time_off=(
                (
                    datetime(2026, 12, 10, 12, tzinfo=UTC),
                    datetime(2026, 12, 10, 12, 30, tzinfo=UTC),
                ),
            ),
            closures=(closed,),
        ),
        other.id: ScheduleRows(closures=(closed,)),
    }


def test_schedules_take_four_queries_whatever_the_days_and_therapists(context):
    clinic = make_clinic()
    therapists = [make_therapist(clinic, slug=f"t-{number}") for number in range(3)]
    for therapist in therapists:
        fill(clinic, therapist.slug, 4)

    for count, days in ((1, 1), (3, 1), (3, 90)):
        with counted_queries() as statements:
            schedules([one.id for one in therapists[:count]], from_=NOW, to=NOW + days * DAY)
        assert len(statements) == 4
