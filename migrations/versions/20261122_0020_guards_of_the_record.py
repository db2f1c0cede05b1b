"""What the database itself refuses: overlapping appointments, and changes to what is append-only.

The application checks first and says it nicely; these hold when the application is wrong.
"""

import sqlalchemy as sa
from alembic import op

revision = "guards_of_the_record"
down_revision = "the_first_clinic"
branch_labels = None
depends_on = None

LIVE = "status IN ('requested', 'confirmed', 'completed') AND NOT conflict"
APPEND_ONLY = ("appointment_change", "audit_entry")


def upgrade() -> None:
    op.execute(
        sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("mac"))
        .insert()
        .values(id=1, seq=0, mac=b"\x00" * 32)
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "ALTER TABLE appointment ADD CONSTRAINT ex_appointment_no_overlap EXCLUDE USING gist "
        "(therapist_id WITH =, tstzrange(starts_at, ends_at) WITH &&) "
        f"WHERE ({LIVE})"
    )
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def _guard_sqlite() -> None:
    overlap = (
        "SELECT RAISE(ABORT, 'appointment_no_overlap') WHERE EXISTS (SELECT 1 "
        # Of the two ways in, this one skips the past whatever the statistics say.
        "FROM appointment AS a INDEXED BY ix_appointment_live WHERE a.therapist_id = NEW.therapist_id AND a.id <> NEW.id "
        "AND a.starts_at < NEW.ends_at AND a.ends_at > NEW.starts_at "
        "AND a.status IN ('requested', 'confirmed', 'completed') AND NOT a.conflict)"
    )
    live = "NEW.status IN ('requested', 'confirmed', 'completed') AND NOT NEW.conflict"
    for event, name in (
        ("INSERT", "insert"),
        ("UPDATE OF therapist_id, starts_at, ends_at, status, conflict", "update"),
    ):
        op.execute(
            f"CREATE TRIGGER tr_appointment_no_overlap_{name} BEFORE {event} ON appointment "
            f"WHEN {live} BEGIN {overlap}; END"
        )
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER tr_{table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'append_only: {table}'); END"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER tr_{table}_append_only ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
        op.execute("ALTER TABLE appointment DROP CONSTRAINT ex_appointment_no_overlap")
    else:
        for name in ("insert", "update"):
            op.execute(f"DROP TRIGGER tr_appointment_no_overlap_{name}")
        for table in APPEND_ONLY:
            for event in ("update", "delete"):
                op.execute(f"DROP TRIGGER tr_{table}_no_{event}")
    op.execute("DELETE FROM audit_head")
