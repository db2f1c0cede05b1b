"""A note can say which therapist held its session apart from the couple's lead therapist.

For notes that come with a record file, which has no appointments, and for appointments that are
handed over. No row is touched, sealed notes could not be: for them the appointment tells it. Without a foreign key, because SQLite would have to make the
table anew and with it the triggers that guard sealed notes.
"""

import sqlalchemy as sa
from alembic import op

revision = "who_held_a_session"
down_revision = "shown_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session_note", sa.Column("held_by_id", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("session_note", "held_by_id")
