"""Outside calendars and the settings of feeds."""

import sqlalchemy as sa
from alembic import op

revision = "calendars_in"
down_revision = "scheduling_services"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
