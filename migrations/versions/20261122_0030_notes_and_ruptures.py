"""Session notes, ruptures and what belongs to them, and what the database itself refuses here.

A sealed note takes a co-signature and nothing else; versions, addenda and cycle maps are
append-only; what a note's signature brought into the record can go only while it can be recalled.
"""

import sqlalchemy as sa
from alembic import op

revision = "notes_and_ruptures"
down_revision = "guards_of_the_record"
branch_labels = None
depends_on = None

APPEND_ONLY = ("note_version", "note_addendum", "cycle_map")
WITH_THEIR_NOTE = ("rupture_event", "rupture_entry", "repair_attempt", "partner_rating")
COSIGNATURE = ("status", "cosigned_at", "cosigned_by")
SEALED = (
    "id",
    "clinic_id",
    "couple_id",
    "appointment_id",
    "kind",
    "held_from",
    "held_until",
    "author",
    "revision",
    "body_sealed",
    "is_late",
    "created_at",
    "saved_at",
    "saved_by",
    "signed_at",
    "signed_digest",
    "sealed_at",
    "seal_number",
    "previous_digest",
    "digest",
)
SIGNED = (
    "id",
    "clinic_id",
    "couple_id",
    "appointment_id",
    "kind",
    "held_from",
    "held_until",
    "author",
    "revision",
    "body_sealed",
    "is_late",
    "created_at",
    "saved_at",
    "saved_by",
    "signed_at",
    "signed_digest",
)


def upgrade() -> None:
    _make_tables()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _differ(columns: tuple[str, ...], unlike: str) -> str:
    return " OR ".join(f"OLD.{name} {unlike} NEW.{name}" for name in columns)


def _refused(unlike: str) -> str:
    """When a change of a note is refused: sealed but for the co-signature, signed but for recall."""
    cosigns = "(OLD.status = 'cosign_pending' AND NEW.status = 'cosigned')"
    return (
        f"(OLD.sealed_at IS NOT NULL AND ({_differ(SEALED, unlike)} OR "
        f"(({_differ(COSIGNATURE, unlike)}) AND NOT {cosigns})))"
        " OR (OLD.signed_at IS NOT NULL AND NEW.signed_at IS NOT NULL AND "
        f"({_differ(SIGNED, unlike)}))"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION guard_session_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN IF OLD.signed_at IS NOT NULL THEN "
        "RAISE EXCEPTION 'sealed: session_note'; END IF; RETURN OLD; END IF; "
        f"IF {_refused('IS DISTINCT FROM')} THEN RAISE EXCEPTION 'sealed: session_note'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER tr_session_note_sealed BEFORE UPDATE OR DELETE ON session_note "
        "FOR EACH ROW EXECUTE FUNCTION guard_session_note()"
    )
    op.execute(
        "CREATE FUNCTION guard_what_a_note_brought() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' AND OLD.from_note AND EXISTS (SELECT 1 FROM session_note n "
        "WHERE n.id = OLD.note_id AND n.sealed_at IS NULL) THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME; END $$"
    )
    for table, function in _functions():
        op.execute(
            f"CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )


def _functions() -> list[tuple[str, str]]:
    always = [(table, "refuse_change") for table in APPEND_ONLY]
    return always + [(table, "guard_what_a_note_brought") for table in WITH_THEIR_NOTE]


def _guard_sqlite() -> None:
    op.execute(
        f"CREATE TRIGGER tr_session_note_no_update BEFORE UPDATE ON session_note "
        f"WHEN {_refused('IS NOT')} BEGIN SELECT RAISE(ABORT, 'sealed: session_note'); END"
    )
    op.execute(
        "CREATE TRIGGER tr_session_note_no_delete BEFORE DELETE ON session_note "
        "WHEN OLD.signed_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'sealed: session_note'); END"
    )
    for table in (*APPEND_ONLY, *WITH_THEIR_NOTE):
        op.execute(
            f"CREATE TRIGGER tr_{table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'append_only: {table}'); END"
        )
        recalled = (
            "WHEN NOT (OLD.from_note AND EXISTS (SELECT 1 FROM session_note AS n "
            "WHERE n.id = OLD.note_id AND n.sealed_at IS NULL)) "
        )
        when = recalled if table in WITH_THEIR_NOTE else ""
        op.execute(
            f"CREATE TRIGGER tr_{table}_no_delete BEFORE DELETE ON {table} "
            f"{when}BEGIN SELECT RAISE(ABORT, 'append_only: {table}'); END"
        )


def downgrade() -> None:
    _drop_tables()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION guard_session_note()")
        op.execute("DROP FUNCTION guard_what_a_note_brought()")


def _make_tables() -> None:
    op.create_table(
        "cycle_map",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_cycle_map_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle_map")),
        sa.UniqueConstraint("couple_id", "number", name=op.f("uq_cycle_map_couple_id_number")),
    )
    op.create_table(
        "emergency_access",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("opened_at < ends_at", name=op.f("ck_emergency_access_order")),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_emergency_access_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_emergency_access_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
    )
    op.create_index(
        "ix_emergency_access_couple_id_ends_at",
        "emergency_access",
        ["couple_id", "ends_at"],
        unique=False,
    )
    op.create_table(
        "individual_disclosure",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_individual_disclosure_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_individual_disclosure")),
    )
    op.create_index(
        "ix_individual_disclosure_couple_id", "individual_disclosure", ["couple_id"], unique=False
    )
    op.create_table(
        "rupture",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_rupture_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rupture")),
        sa.UniqueConstraint("couple_id", "number", name=op.f("uq_rupture_couple_id_number")),
    )
    op.create_index("ix_rupture_course", "rupture", ["couple_id", "opened_at", "id"], unique=False)
    op.create_table(
        "safety_flag",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(length=60), nullable=True),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_safety_flag_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_flag")),
    )
    op.create_index("ix_safety_flag_couple_id", "safety_flag", ["couple_id"], unique=False)
    op.create_table(
        "session_note",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("appointment_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("held_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=14), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=60), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_digest", sa.String(length=64), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seal_number", sa.Integer(), nullable=True),
        sa.Column("previous_digest", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("cosigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cosigned_by", sa.String(length=60), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (status IN ('draft', 'ready'))",
            name=op.f("ck_session_note_signed"),
        ),
        sa.CheckConstraint(
            "kind IN ('consultation', 'assessment', 'joint', 'individual_a', 'individual_b', 'closing')",
            name=op.f("ck_session_note_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'ready', 'signed', 'cosign_pending', 'cosigned')",
            name=op.f("ck_session_note_status"),
        ),
        sa.CheckConstraint("held_from < held_until", name=op.f("ck_session_note_held")),
        sa.CheckConstraint(
            "sealed_at IS NULL OR digest IS NOT NULL", name=op.f("ck_session_note_sealed")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_session_note_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_session_note_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_session_note_couple_id_couple")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_note")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_session_note_appointment_id")),
        sa.UniqueConstraint(
            "couple_id", "seal_number", name=op.f("uq_session_note_couple_id_seal_number")
        ),
    )
    op.create_index(
        "ix_session_note_course", "session_note", ["couple_id", "held_from", "id"], unique=False
    )
    op.create_index("ix_session_note_status", "session_note", ["clinic_id", "status"], unique=False)
    op.create_table(
        "note_addendum",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("said_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "kind IN ('addendum', 'amendment', 'late_entry', 'entered_in_error', 'returned')",
            name=op.f("ck_note_addendum_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_note_addendum_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_note_addendum_note_id_session_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_addendum")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_note_addendum_note_id_number")),
    )
    op.create_table(
        "note_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "kind IN ('autosave', 'manual', 'signed', 'elsewhere')",
            name=op.f("ck_note_version_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_note_version_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_note_version_note_id_session_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_version")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_note_version_note_id_number")),
    )
    op.create_table(
        "partner_rating",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=True),
        sa.Column("from_note", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_partner_rating_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_partner_rating_note_id_session_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_rating")),
    )
    op.create_index("ix_partner_rating_course", "partner_rating", ["couple_id", "at"], unique=False)
    op.create_table(
        "process_note",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=True),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_process_note_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_process_note_note_id_session_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_note")),
    )
    op.create_index(
        "ix_process_note_couple_id_author", "process_note", ["couple_id", "author"], unique=False
    )
    op.create_table(
        "repair_attempt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=True),
        sa.Column("from_note", sa.Boolean(), nullable=False),
        sa.Column("at_home", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_repair_attempt_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_repair_attempt_note_id_session_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_attempt")),
    )
    op.create_index(
        "ix_repair_attempt_course", "repair_attempt", ["couple_id", "at", "id"], unique=False
    )
    op.create_table(
        "rupture_entry",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rupture_id", sa.String(length=32), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("from_note", sa.Boolean(), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_rupture_entry_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_rupture_entry_note_id_session_note")
        ),
        sa.ForeignKeyConstraint(
            ["rupture_id"], ["rupture.id"], name=op.f("fk_rupture_entry_rupture_id_rupture")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rupture_entry")),
        sa.UniqueConstraint(
            "rupture_id", "note_id", name=op.f("uq_rupture_entry_rupture_id_note_id")
        ),
    )
    op.create_table(
        "rupture_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rupture_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=True),
        sa.Column("from_note", sa.Boolean(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("couple_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("effective_at <= entered_at", name=op.f("ck_rupture_event_order")),
        sa.ForeignKeyConstraint(
            ["couple_id"], ["couple.id"], name=op.f("fk_rupture_event_couple_id_couple")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["session_note.id"], name=op.f("fk_rupture_event_note_id_session_note")
        ),
        sa.ForeignKeyConstraint(
            ["rupture_id"], ["rupture.id"], name=op.f("fk_rupture_event_rupture_id_rupture")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rupture_event")),
        sa.UniqueConstraint("couple_id", "number", name=op.f("uq_rupture_event_couple_id_number")),
    )
    op.create_index("ix_rupture_event_rupture_id", "rupture_event", ["rupture_id"], unique=False)


def _drop_tables() -> None:
    op.drop_index("ix_rupture_event_rupture_id", table_name="rupture_event")
    op.drop_table("rupture_event")
    op.drop_table("rupture_entry")
    op.drop_index("ix_repair_attempt_course", table_name="repair_attempt")
    op.drop_table("repair_attempt")
    op.drop_index("ix_process_note_couple_id_author", table_name="process_note")
    op.drop_table("process_note")
    op.drop_index("ix_partner_rating_course", table_name="partner_rating")
    op.drop_table("partner_rating")
    op.drop_table("note_version")
    op.drop_table("note_addendum")
    op.drop_index("ix_session_note_status", table_name="session_note")
    op.drop_index("ix_session_note_course", table_name="session_note")
    op.drop_table("session_note")
    op.drop_index("ix_safety_flag_couple_id", table_name="safety_flag")
    op.drop_table("safety_flag")
    op.drop_index("ix_rupture_course", table_name="rupture")
    op.drop_table("rupture")
    op.drop_index("ix_individual_disclosure_couple_id", table_name="individual_disclosure")
    op.drop_table("individual_disclosure")
    op.drop_index("ix_emergency_access_couple_id_ends_at", table_name="emergency_access")
    op.drop_table("emergency_access")
    op.drop_table("cycle_map")
