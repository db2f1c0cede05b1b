"""Cal.com and Calendly: connections, deliveries, mappings; webhooks to other systems."""

import sqlalchemy as sa
from alembic import op

revision = "scheduling_services"
down_revision = "notes_and_ruptures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_deliveries",
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "on_date", name=op.f("pk_refused_deliveries")),
    )
    op.create_table(
        "service_connection",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("api_key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("bookings_version", sa.String(length=10), nullable=False),
        sa.Column("webhook_id", sa.String(length=200), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_delivery_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_answer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_trouble", sa.String(length=40), nullable=True),
        sa.Column("reconciled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fully_reconciled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "provider IN ('calcom', 'calendly')", name=op.f("ck_service_connection_provider")
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_service_connection_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_connection")),
    )
    with op.batch_alter_table("service_connection", schema=None) as batch_op:
        batch_op.create_index("ix_service_connection_clinic_id", ["clinic_id"], unique=False)
    op.create_table(
        "webhook_subscriber",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_webhook_subscriber_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscriber")),
    )
    op.create_table(
        "service_event_type",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("external", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("session_type_id", sa.String(length=32), nullable=False),
        sa.Column("therapist_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["service_connection.id"],
            name=op.f("fk_service_event_type_connection_id_service_connection"),
        ),
        sa.ForeignKeyConstraint(
            ["session_type_id"],
            ["session_type.id"],
            name=op.f("fk_service_event_type_session_type_id_session_type"),
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"],
            ["therapist.id"],
            name=op.f("fk_service_event_type_therapist_id_therapist"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_event_type")),
        sa.UniqueConstraint(
            "connection_id", "external", name=op.f("uq_service_event_type_connection_id_external")
        ),
    )
    op.create_table(
        "service_host",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("external", sa.String(length=254), nullable=False),
        sa.Column("therapist_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["service_connection.id"],
            name=op.f("fk_service_host_connection_id_service_connection"),
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_service_host_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_host")),
        sa.UniqueConstraint(
            "connection_id", "external", name=op.f("uq_service_host_connection_id_external")
        ),
    )
    op.create_table(
        "service_hours",
        sa.Column("connection_id", sa.String(length=32), nullable=False),
        sa.Column("schedule_id", sa.String(length=200), nullable=True),
        sa.Column("ours", sa.JSON(), nullable=False),
        sa.Column("displaced", sa.JSON(), nullable=False),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_as", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["service_connection.id"],
            name=op.f("fk_service_hours_connection_id_service_connection"),
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_service_hours")),
    )
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subscriber_id", sa.String(length=32), nullable=False),
        sa.Column("event_key", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["webhook_subscriber.id"],
            name=op.f("fk_webhook_message_subscriber_id_webhook_subscriber"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
        sa.UniqueConstraint(
            "subscriber_id", "event_key", name=op.f("uq_webhook_message_subscriber_id_event_key")
        ),
    )
    with op.batch_alter_table("webhook_message", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_message_created_at", ["created_at"], unique=False)
    op.create_table(
        "service_chain",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=True),
        sa.Column("appointment_id", sa.String(length=32), nullable=True),
        sa.Column("current_id", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_status", sa.String(length=10), nullable=True),
        sa.Column("asked_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_as", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_service_chain_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_service_chain_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["service_connection.id"],
            name=op.f("fk_service_chain_connection_id_service_connection"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_chain")),
        sa.UniqueConstraint(
            "appointment_id", "provider", name=op.f("uq_service_chain_appointment_id_provider")
        ),
    )
    with op.batch_alter_table("service_chain", schema=None) as batch_op:
        batch_op.create_index(
            "ix_service_chain_clinic_id_provider", ["clinic_id", "provider"], unique=False
        )
    op.create_table(
        "service_task",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("appointment_id", sa.String(length=32), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_service_task_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_service_task_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_task")),
        sa.UniqueConstraint("clinic_id", "key", name=op.f("uq_service_task_clinic_id_key")),
    )
    with op.batch_alter_table("service_task", schema=None) as batch_op:
        batch_op.create_index(
            "ix_service_task_clinic_id_done_at", ["clinic_id", "done_at"], unique=False
        )
    op.create_table(
        "service_booking_id",
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("chain_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain_id"],
            ["service_chain.id"],
            name=op.f("fk_service_booking_id_chain_id_service_chain"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_service_booking_id_clinic_id_clinic")
        ),
        sa.PrimaryKeyConstraint(
            "clinic_id", "provider", "external_id", name=op.f("pk_service_booking_id")
        ),
    )
    with op.batch_alter_table("service_booking_id", schema=None) as batch_op:
        batch_op.create_index("ix_service_booking_id_chain_id", ["chain_id"], unique=False)
    op.create_table(
        "service_delivery",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=10), nullable=False),
        sa.Column("connection_id", sa.String(length=32), nullable=True),
        sa.Column("chain_id", sa.String(length=32), nullable=True),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("trigger", sa.String(length=60), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'applied', 'ignored', 'waiting', 'broken', 'failed')",
            name=op.f("ck_service_delivery_state"),
        ),
        sa.ForeignKeyConstraint(
            ["chain_id"],
            ["service_chain.id"],
            name=op.f("fk_service_delivery_chain_id_service_chain"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_service_delivery_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["service_connection.id"],
            name=op.f("fk_service_delivery_connection_id_service_connection"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_delivery")),
        sa.UniqueConstraint("digest", name=op.f("uq_service_delivery_digest")),
    )
    with op.batch_alter_table("service_delivery", schema=None) as batch_op:
        batch_op.create_index("ix_service_delivery_chain_id", ["chain_id"], unique=False)
        batch_op.create_index(
            "ix_service_delivery_clinic_id_received_at", ["clinic_id", "received_at"], unique=False
        )
        batch_op.create_index("ix_service_delivery_state", ["state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("service_delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_service_delivery_state")
        batch_op.drop_index("ix_service_delivery_clinic_id_received_at")
        batch_op.drop_index("ix_service_delivery_chain_id")
    op.drop_table("service_delivery")
    with op.batch_alter_table("service_booking_id", schema=None) as batch_op:
        batch_op.drop_index("ix_service_booking_id_chain_id")
    op.drop_table("service_booking_id")
    with op.batch_alter_table("service_task", schema=None) as batch_op:
        batch_op.drop_index("ix_service_task_clinic_id_done_at")
    op.drop_table("service_task")
    with op.batch_alter_table("service_chain", schema=None) as batch_op:
        batch_op.drop_index("ix_service_chain_clinic_id_provider")
    op.drop_table("service_chain")
    with op.batch_alter_table("webhook_message", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_message_created_at")
    op.drop_table("webhook_message")
    op.drop_table("service_hours")
    op.drop_table("service_host")
    op.drop_table("service_event_type")
    op.drop_table("webhook_subscriber")
    with op.batch_alter_table("service_connection", schema=None) as batch_op:
        batch_op.drop_index("ix_service_connection_clinic_id")
    op.drop_table("service_connection")
    op.drop_table("refused_deliveries")
