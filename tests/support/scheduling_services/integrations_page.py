"""What the tests of the integrations page share."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.factories import PASSWORD

TODAY = datetime(2026, 12, 4, 9, tzinfo=UTC)
NINE = datetime(2026, 12, 7, 9, tzinfo=UTC)
PAGE = "/desk/integrations"


def signed_in(client, role):
    client.post("/login", data={"email": f"{role}@example.org", "password": PASSWORD})
    return client


def text(answer):
    return answer.get_data(as_text=True)
