"""The head of the audit log is sealed with a keyed MAC.

The head that is there is sealed with the audit key of the newest entry's clinic, or of the first
clinic when nothing was recorded yet. The form of the MAC stands here as it was on this day:
migrations import nothing of the product.
"""

import hmac
import json

import sqlalchemy as sa
from alembic import op
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

revision = "sealed_audit_head"
down_revision = "visitor_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_head") as batch_op:
        batch_op.add_column(sa.Column("seal", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("sealed_by", sa.String(length=32), nullable=True))
    bind = op.get_bind()
    clinic_id = bind.execute(
        sa.text("SELECT clinic_id FROM audit_entry ORDER BY seq DESC LIMIT 1")
    ).scalar() or bind.execute(sa.text("SELECT id FROM clinic ORDER BY created_at LIMIT 1")).scalar()
    if clinic_id is None or (key := _audit_key(clinic_id)) is None:
        return
    head = bind.execute(sa.text("SELECT seq, mac FROM audit_head")).one()
    fields = ["head", head.seq, bytes(head.mac).hex()]
    canonical = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    table = sa.table(
        "audit_head", sa.column("seal", sa.LargeBinary), sa.column("sealed_by", sa.String)
    )
    seal = hmac.digest(key, canonical, "sha256")
    op.execute(table.update().values(seal=seal, sealed_by=clinic_id))


def downgrade() -> None:
    with op.batch_alter_table("audit_head") as batch_op:
        batch_op.drop_column("sealed_by")
        batch_op.drop_column("seal")


def _audit_key(owner: str) -> bytes | None:
    asked = sa.text("SELECT id, wrapped FROM data_key WHERE owner = :owner AND purpose = 'audit'")
    row = op.get_bind().execute(asked, {"owner": owner}).first()
    if row is None:
        return None
    wrapped, masters = bytes(row.wrapped), current_app.extensions["key_ring"].masters
    named = {one.id: one.secret for one in masters}
    master_id = wrapped[1:5]
    if master_id.hex() not in named:
        raise RuntimeError(
            f"The master key {master_id.hex()} is not among CLINIC_ENCRYPTION_KEYS; "
            "put it back before the database is upgraded."
        )
    parts = (b"couples-clinic", b"data-key", b"\x01", master_id, bytes.fromhex(row.id), owner.encode())
    bound_to = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return AESGCM(named[master_id.hex()]).decrypt(wrapped[5:17], wrapped[17:], bound_to)
