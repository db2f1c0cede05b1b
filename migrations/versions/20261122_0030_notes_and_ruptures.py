"""Session notes, ruptures and what belongs to them."""

import sqlalchemy as sa
from alembic import op

revision = "notes_and_ruptures"
down_revision = "guards_of_the_record"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
