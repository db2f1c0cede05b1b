"""Holds know the browser and the network they are of; visitors' bookings are counted.

A browser of a member of staff that has signed in before is remembered, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "visitor_limits"
down_revision = "who_held_a_session"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("hold") as batch_op:
        batch_op.add_column(sa.Column("visitor_hash", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("network_index", sa.LargeBinary(), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_hold_visitor_hash"), ["visitor_hash"])
        batch_op.create_index("ix_hold_network_index", ["network_index"])
    op.create_table(
        "visitor_count",
        sa.Column("counted", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "counted", "key_hash", "window_start", name=op.f("pk_visitor_count")
        ),
    )
    op.create_index("ix_visitor_count_window_start", "visitor_count", ["window_start"])
    op.create_table(
        "known_device",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(length=32), nullable=True),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_known_device_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_device")),
        sa.UniqueConstraint(
            "token_hash", "account_id", name=op.f("uq_known_device_token_hash_account_id")
        ),
    )
    op.create_index("ix_known_device_account_id", "known_device", ["account_id"])


def downgrade() -> None:
    op.drop_table("known_device")
    op.drop_table("visitor_count")
    with op.batch_alter_table("hold") as batch_op:
        batch_op.drop_index("ix_hold_network_index")
        batch_op.drop_constraint(op.f("uq_hold_visitor_hash"), type_="unique")
        batch_op.drop_column("network_index")
        batch_op.drop_column("visitor_hash")
