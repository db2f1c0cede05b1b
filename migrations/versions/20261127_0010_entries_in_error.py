"""Attempts and ratings that were entered in error: marked, never changed or taken away.

What is marked stays marked: the table is append-only, as what it speaks of is.
"""

import sqlalchemy as sa
from alembic import op

revision = "entries_in_error"
down_revision = "calendars_in"
branch_labels = None
depends_on = None

TABLE = "entry_in_error"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("attempt_id", sa.String(length=32), nullable=True),
        sa.Column("rating_id", sa.String(length=32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(attempt_id IS NULL) <> (rating_id IS NULL)", name=op.f("ck_entry_in_error_one")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["repair_attempt.id"],
            name=op.f("fk_entry_in_error_attempt_id_repair_attempt"),
        ),
        sa.ForeignKeyConstraint(
            ["rating_id"],
            ["partner_rating.id"],
            name=op.f("fk_entry_in_error_rating_id_partner_rating"),
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_entry_in_error_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_in_error")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_entry_in_error_attempt_id")),
        sa.UniqueConstraint("rating_id", name=op.f("uq_entry_in_error_rating_id")),
    )
    op.create_index("ix_entry_in_error_couple_id", TABLE, ["couple_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER tr_{TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER tr_{TABLE}_no_{event.lower()} BEFORE {event} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, 'append_only: {TABLE}'); END"
        )


def downgrade() -> None:
    op.drop_index("ix_entry_in_error_couple_id", table_name=TABLE)
    op.drop_table(TABLE)
