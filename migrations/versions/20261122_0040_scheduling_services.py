"""Cal.com and Calendly: connections, deliveries, mappings."""

import sqlalchemy as sa
from alembic import op

revision = "scheduling_services"
down_revision = "notes_and_ruptures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
