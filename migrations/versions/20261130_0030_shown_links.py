"""A link to an appointment has a token that is mailed and, for who booked, one that is shown.

Tokens of earlier releases were mailed, and open what a mailed token opens.
"""

import sqlalchemy as sa
from alembic import op

revision = "shown_links"
down_revision = "errors_of_every_kind"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("manage_link", sa.Column("shown_token_hash", sa.LargeBinary(), nullable=True))
    op.add_column("manage_link", sa.Column("shown_time_zone", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_manage_link_shown_token_hash", "manage_link", ["shown_token_hash"], unique=True
    )


def downgrade() -> None:
    # The older release knows mailed tokens only: shown ones open nothing there.
    op.drop_index("ix_manage_link_shown_token_hash", "manage_link")
    with op.batch_alter_table("manage_link", schema=None) as batch_op:
        batch_op.drop_column("shown_time_zone")
        batch_op.drop_column("shown_token_hash")
