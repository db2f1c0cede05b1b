"""Links of the release before: their mailed tokens go on working, and nothing of theirs was shown."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade

from clinic.booking.appointments.links import links_of, open_link
from clinic.booking.appointments.models import ManageLink
from clinic.booking.appointments.sequence_and_history import manage_token, shown_token
from clinic.extensions import db
from clinic.foundation.database.transactions import session
from tests.support.factories import NOW, make_appointment, make_practice
from tests.support.paths import MIGRATIONS

TEN = datetime(2026, 11, 24, 10, tzinfo=UTC)


def before_it():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config).get_revision("shown_links")
    return script.down_revision


def test_mailed_tokens_stay_through_down_and_up_and_shown_ones_are_forgotten(context):
    practice = make_practice()
    (link,) = links_of(make_appointment(practice, TEN))
    mailed, shown = (
        make(link, clinic_id=practice.clinic.id) for make in (manage_token, shown_token)
    )
    hashed = link.token_hash
    db.session.remove()

    downgrade(revision=before_it())
    names = {one["name"] for one in sa.inspect(db.engine).get_columns("manage_link")}
    upgrade()

    row = session().scalars(sa.select(ManageLink)).one()
    assert (row.token_hash, row.shown_token_hash, row.shown_time_zone) == (hashed, None, None)
    assert not {"shown_token_hash", "shown_time_zone"} & names
    assert open_link(mailed, now=NOW).actor.link == "mailed"
    assert mailed != shown
