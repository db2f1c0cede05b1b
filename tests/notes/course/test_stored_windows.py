from __future__ import annotations

from datetime import date, timedelta

import pytest

from clinic.notes.between_sessions.corrections import mark_in_error
from clinic.notes.between_sessions.window_runs import add_run
from clinic.notes.course.stored_windows import StoredRun, list_runs
from clinic.notes.record.entries_in_error import InError
from clinic.notes.rules.transparency_window import Happening
from tests.support.factories import NOW, a_run

pytestmark = pytest.mark.usefixtures("context")
RESUMED = a_run(then=(Happening(340, "resume"),))


def test_runs_are_listed_by_day_then_as_they_were_entered_with_their_marks(couple):
    asks = {"actor": couple.lead}
    later = add_run(couple.code, RESUMED, happened_on=date(2026, 11, 22), now=NOW, **asks)
    after = NOW + timedelta(minutes=5)
    first, second = (
        add_run(couple.code, RESUMED, happened_on=date(2026, 11, 20), now=at, **asks)
        for at in (NOW, after)
    )
    mark_in_error(couple.code, "run", second, reason="Another couple's.", now=after, **asks)

    runs = list_runs(couple.id)

    assert [(one.id, one.happened_on, one.entered_at, one.in_error) for one in runs] == [
        (first, date(2026, 11, 20), NOW, None),
        (second, date(2026, 11, 20), after, InError(after, couple.lead.name, "Another couple's.")),
        (later, date(2026, 11, 22), NOW, None),
    ]
    assert list_runs(couple.id, ids=[second]) == (runs[1],)
    assert isinstance(runs[0], StoredRun)
    assert (runs[0].details, runs[0].state.first_pause_s) == (RESUMED, 340)
