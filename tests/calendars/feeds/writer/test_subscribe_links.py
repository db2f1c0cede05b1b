from __future__ import annotations

from clinic.calendars.feeds.writer.subscribe_links import SubscribeLinks, subscribe_links


def test_a_feed_has_one_address_in_the_form_of_each_calendar_program():
    feed = "clinic.example%2Fcalendar%2Ft0ken.ics"

    assert subscribe_links("https://clinic.example/", "t0ken", name="Inês & Rui") == SubscribeLinks(
        https="https://clinic.example/calendar/t0ken.ics",
        webcal="webcal://clinic.example/calendar/t0ken.ics",
        google=f"https://calendar.google.com/calendar/render?cid=webcal%3A%2F%2F{feed}",
        outlook=(
            "https://outlook.live.com/calendar/0/addfromweb"
            f"?url=https%3A%2F%2F{feed}&name=In%C3%AAs%20%26%20Rui"
        ),
        office=(
            "https://outlook.office.com/calendar/0/addfromweb"
            f"?url=https%3A%2F%2F{feed}&name=In%C3%AAs%20%26%20Rui"
        ),
        busy="https://clinic.example/calendar/t0ken/busy.ics",
        free_busy="https://clinic.example/calendar/t0ken.ifb",
    )
