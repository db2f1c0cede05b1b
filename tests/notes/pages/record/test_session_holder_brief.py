from __future__ import annotations

from tests.support.notes.separate_session import main


def test_brief_of_who_holds_it_names_who_was_named_and_nothing_of_the_record(house):
    daniel = house.enter("daniel")
    code, appointment = house.code, house.appointment

    for path in ("brief", "notes/new"):
        page = main(daniel.get(f"/desk/couples/{code}/{path}?appointment={appointment}"))
        assert ("Alex Example" in page, "Sam" in page) == (True, False)
        assert "Alone at the party" not in page
        assert "Ten quiet minutes" not in page
        daniel.get(f"/desk/couples/{code}/{path}", 404)
        daniel.get(f"/desk/couples/{code}/{path}?appointment={'0' * 32}", 404)
