"""The clinic's own words: terms changed, added and retired, and never deleted."""

import sqlalchemy as sa
from alembic import op

revision = "the_clinics_own_words"
down_revision = "exercise_runs"
branch_labels = None
depends_on = None

ADDED = (
    "code NOT LIKE 'own%' OR (label_en IS NOT NULL AND label_pt IS NOT NULL AND "
    "definition_en IS NOT NULL AND definition_pt IS NOT NULL AND sort IS NOT NULL)"
)
WHICH = "clinic_id, vocabulary, code"
"""What a term is; records point to it."""


def upgrade() -> None:
    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("vocabulary_revision", sa.String(length=32), nullable=False, server_default="")
        )
    op.create_table(
        "vocabulary_term",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("vocabulary", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("label_en", sa.String(length=120), nullable=True),
        sa.Column("label_pt", sa.String(length=120), nullable=True),
        sa.Column("definition_en", sa.String(length=600), nullable=True),
        sa.Column("definition_pt", sa.String(length=600), nullable=True),
        sa.Column("sort", sa.Integer(), nullable=True),
        sa.Column("group", sa.String(length=40), nullable=True),
        sa.Column("label_reviewed_by", sa.String(length=120), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=60), nullable=False),
        sa.CheckConstraint(ADDED, name=op.f("ck_vocabulary_term_added")),
        sa.CheckConstraint(
            "active = (retired_at IS NULL)", name=op.f("ck_vocabulary_term_retired")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_vocabulary_term_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vocabulary_term")),
        sa.UniqueConstraint(
            "clinic_id",
            "vocabulary",
            "code",
            name=op.f("uq_vocabulary_term_clinic_id_vocabulary_code"),
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER tr_vocabulary_term_no_delete BEFORE DELETE ON vocabulary_term "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER tr_vocabulary_term_stays BEFORE UPDATE OF {WHICH} ON vocabulary_term "
        "FOR EACH ROW WHEN ((OLD.clinic_id, OLD.vocabulary, OLD.code) IS DISTINCT FROM "
        "(NEW.clinic_id, NEW.vocabulary, NEW.code)) EXECUTE FUNCTION refuse_change()"
    )


def _guard_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'append_only: vocabulary_term'); END"
    op.execute(
        f"CREATE TRIGGER tr_vocabulary_term_no_delete BEFORE DELETE ON vocabulary_term {refuse}"
    )
    op.execute(
        f"CREATE TRIGGER tr_vocabulary_term_stays BEFORE UPDATE OF {WHICH} ON vocabulary_term "
        "WHEN OLD.clinic_id <> NEW.clinic_id OR OLD.vocabulary <> NEW.vocabulary "
        f"OR OLD.code <> NEW.code {refuse}"
    )


def downgrade() -> None:
    op.drop_table("vocabulary_term")
    with op.batch_alter_table("clinic", schema=None) as batch_op:
        batch_op.drop_column("vocabulary_revision")
