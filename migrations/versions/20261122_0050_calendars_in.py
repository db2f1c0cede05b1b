"""Outside calendars and the settings of feeds."""

import sqlalchemy as sa
from alembic import op

revision = "calendars_in"
down_revision = "scheduling_services"
branch_labels = None
depends_on = None

KINDS = "kind IN ('therapist', 'partner', 'clinic')"
KINDS_BEFORE = "kind IN ('therapist', 'partner')"


def upgrade() -> None:
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account_id", sa.String(length=32), nullable=True))
        batch_op.add_column(
            sa.Column("show", sa.String(length=10), nullable=False, server_default="neutral")
        )
        batch_op.add_column(
            sa.Column("days_back", sa.Integer(), nullable=False, server_default="60")
        )
        batch_op.add_column(
            sa.Column("days_ahead", sa.Integer(), nullable=False, server_default="540")
        )
        batch_op.add_column(sa.Column("reminder_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        _replace_kinds(batch_op, KINDS)
        batch_op.create_check_constraint(
            op.f("ck_calendar_feed_show"), "show IN ('neutral', 'initials', 'busy')"
        )
        batch_op.create_check_constraint(
            op.f("ck_calendar_feed_days_back"), "days_back BETWEEN 0 AND 90"
        )
        batch_op.create_check_constraint(
            op.f("ck_calendar_feed_days_ahead"), "days_ahead BETWEEN 1 AND 540"
        )
        batch_op.create_check_constraint(
            op.f("ck_calendar_feed_reminder_minutes"), "reminder_minutes BETWEEN 0 AND 20160"
        )
        batch_op.create_foreign_key(
            op.f("fk_calendar_feed_account_id_account"), "account", ["account_id"], ["id"]
        )
        batch_op.create_index("ix_calendar_feed_member_id", ["member_id"], unique=False)
        batch_op.create_index("ix_calendar_feed_account_id", ["account_id"], unique=False)

    op.create_table(
        "outside_calendar",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("clinic_id", sa.String(length=32), nullable=False),
        sa.Column("therapist_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("url_index", sa.LargeBinary(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("ignore_all_day", sa.Boolean(), nullable=False),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("last_modified", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_outside_calendar_failures")),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinic.id"], name=op.f("fk_outside_calendar_clinic_id_clinic")
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"],
            ["therapist.id"],
            name=op.f("fk_outside_calendar_therapist_id_therapist"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_calendar")),
        sa.UniqueConstraint(
            "therapist_id", "url_index", name=op.f("uq_outside_calendar_therapist_id_url_index")
        ),
    )


def downgrade() -> None:
    op.drop_table("outside_calendar")
    # Addresses that the older release does not know open nothing there.
    op.execute("DELETE FROM calendar_feed WHERE kind = 'clinic'")
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.drop_index("ix_calendar_feed_account_id")
        batch_op.drop_index("ix_calendar_feed_member_id")
        batch_op.drop_constraint(op.f("fk_calendar_feed_account_id_account"), type_="foreignkey")
        for name in ("show", "days_back", "days_ahead", "reminder_minutes"):
            batch_op.drop_constraint(op.f(f"ck_calendar_feed_{name}"), type_="check")
        for name in (
            "account_id",
            "show",
            "days_back",
            "days_ahead",
            "reminder_minutes",
            "changed_at",
        ):
            batch_op.drop_column(name)
        _replace_kinds(batch_op, KINDS_BEFORE)


def _replace_kinds(batch_op, kinds):
    batch_op.drop_constraint(op.f("ck_calendar_feed_kind"), type_="check")
    batch_op.create_check_constraint(op.f("ck_calendar_feed_kind"), kinds)
