"""Instruments of the clinic, and what partners answered: withdrawn at most once, never changed."""

import sqlalchemy as sa
from alembic import op

revision = "instruments"
down_revision = "the_clinics_own_words"
branch_labels = None
depends_on = None

FIXED = ("id", "couple_id", "taken_on", "entered_at", "author")


def upgrade() -> None:
    op.create_table(
        "instrument",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_instrument_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint(
            "clinic_id",
            "code",
            "version",
            "language",
            name=op.f("uq_instrument_clinic_id_code_version_language"),
        ),
    )
    op.create_table(
        "measure_response",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=60), nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)",
            name=op.f("ck_measure_response_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_measure_response_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure_response")),
    )
    op.create_index(
        "ix_measure_response_course", "measure_response", ["couple_id", "taken_on", "id"]
    )
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
        "CREATE FUNCTION guard_measure_response() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' AND NOT ({_refused('IS DISTINCT FROM')}) THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'append_only: measure_response'; END $$"
    )
    op.execute(
        "CREATE TRIGGER tr_measure_response_append_only BEFORE UPDATE OR DELETE "
        "ON measure_response FOR EACH ROW EXECUTE FUNCTION guard_measure_response()"
    )


def _guard_sqlite() -> None:
    refuses = "BEGIN SELECT RAISE(ABORT, 'append_only: measure_response'); END"
    op.execute(
        "CREATE TRIGGER tr_measure_response_no_update BEFORE UPDATE ON measure_response "
        f"WHEN {_refused('IS NOT')} {refuses}"
    )
    op.execute(
        "CREATE TRIGGER tr_measure_response_no_delete BEFORE DELETE ON measure_response "
        f"{refuses}"
    )


def downgrade() -> None:
    op.drop_table("measure_response")
    op.drop_table("instrument")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION guard_measure_response()")
