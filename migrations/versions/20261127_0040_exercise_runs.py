"""Runs of exercises: written once, withdrawn at most once, never changed otherwise or deleted."""

import sqlalchemy as sa
from alembic import op

revision = "exercise_runs"
down_revision = "account_links"
branch_labels = None
depends_on = None

FIXED = ("id", "couple_id", "at", "happened_on", "entered_at", "author")


def upgrade() -> None:
    op.create_table(
        "exercise_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=60), nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_exercise_run_withdrawn")
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_exercise_run_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_run")),
    )
    op.create_index("ix_exercise_run_course", "exercise_run", ["couple_id", "at", "id"])
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _refused(unlike: str) -> str:
    """Any change but the one that withdraws."""
    fixed = " OR ".join(f"OLD.{name} {unlike} NEW.{name}" for name in FIXED)
    return f"OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR {fixed}"


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION guard_exercise_run() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' AND NOT ({_refused('IS DISTINCT FROM')}) THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'append_only: exercise_run'; END $$"
    )
    op.execute(
        "CREATE TRIGGER tr_exercise_run_append_only BEFORE UPDATE OR DELETE ON exercise_run "
        "FOR EACH ROW EXECUTE FUNCTION guard_exercise_run()"
    )


def _guard_sqlite() -> None:
    refuses = "BEGIN SELECT RAISE(ABORT, 'append_only: exercise_run'); END"
    op.execute(
        "CREATE TRIGGER tr_exercise_run_no_update BEFORE UPDATE ON exercise_run "
        f"WHEN {_refused('IS NOT')} {refuses}"
    )
    op.execute(
        f"CREATE TRIGGER tr_exercise_run_no_delete BEFORE DELETE ON exercise_run {refuses}"
    )


def downgrade() -> None:
    op.drop_table("exercise_run")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION guard_exercise_run()")
