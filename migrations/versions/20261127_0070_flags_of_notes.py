"""A safety flag knows the note whose signature opened it."""

import sqlalchemy as sa
from alembic import op

revision = "flags_of_notes"
down_revision = "instruments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note_id", sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_safety_flag_note_id_session_note"), "session_note", ["note_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("safety_flag", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_safety_flag_note_id_session_note"), type_="foreignkey"
        )
        batch_op.drop_column("note_id")
