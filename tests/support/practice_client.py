"""What tests of the practice's pages share: a signed-in browser, and forms without a fault."""

import re

from sqlalchemy import select

from clinic.foundation.database.transactions import session
from clinic.foundation.permissions.actors import Role
from clinic.practice.models import Clinic, Therapist
from tests.support.factories import PASSWORD, make_account

FIELD = re.compile(r'<input(?=[^>]*name="([^"]+)")(?=[^>]*type="hidden")[^>]*value="([^"]*)"')
HOURS = "/desk/practice/therapists/ines-duarte/hours"
CLOSURES = "/desk/practice/closures"
THERAPIST = {
    "name": "Rui Sousa",
    "slug": "rui-sousa",
    "time_zone": "Atlantic/Azores",
    "languages": ["pt"],
    "formats": ["online"],
    "modalities": ["cbct"],
    "concerns": ["feel_safe"],
    "biography_en": "One line.\r\nAnother.",
    "accepts_new_couples": "y",
    "active": "y",
    "sort": "3",
}
SESSION_TYPE = {
    "name_en": "Couple session",
    "name_pt": "Sessão de casal",
    "slug": "couple-session",
    "audience": "existing",
    "formats": ["online", "in_person"],
    "therapists": ["ines-duarte"],
    "length_minutes": "75",
    "buffer_before_minutes": "0",
    "buffer_after_minutes": "15",
    "grid_minutes": "30",
    "grid_offset_minutes": "0",
    "notice": "2",
    "notice_unit": "days",
    "horizon_days": "90",
    "max_per_day": "",
    "change_notice": "90",
    "change_notice_unit": "minutes",
    "sort": "1",
    "active": "y",
}


class Browser:
    """A signed-in browser that sends back the hidden fields it was given."""

    def __init__(self, app, role):
        with app.app_context():
            ines = session().scalar(select(Therapist).where(Therapist.slug == "ines-duarte"))
            mine = {"therapist_id": ines.id} if role is Role.THERAPIST else {}
            email = f"{role}@example.org"
            make_account(session().get(Clinic, ines.clinic_id), email=email, roles=[role], **mine)
        self.client = app.test_client()
        response = self.send("/login", page="/login", email=email, password=PASSWORD)
        assert response.status_code == 302

    def get(self, path):
        return self.client.get(path)

    def hidden(self, page, prefix=""):
        return {
            name: value
            for name, value in FIELD.findall(self.get(page).text)
            if name.startswith(prefix)
        }

    def send(self, path, *, page=None, prefix="", **fields):
        return self.client.post(path, data=self.hidden(page or path, prefix) | fields)
