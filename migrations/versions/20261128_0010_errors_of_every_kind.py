"""Runs and measures are marked as entered in error in one table, as attempts and ratings are.

They were withdrawn on their own rows, with the reason in the sealed text, which was bound to the
row's revision. Such a text is opened and sealed anew without it. The form of a seal stands here as
it was on this day: migrations import nothing of the house. A text that does not open, because it
was damaged or its couple's key was taken away, is left as it is and stays locked as before.
"""

import hashlib
import json
import secrets

import sqlalchemy as sa
from alembic import op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

revision = "errors_of_every_kind"
down_revision = "flags_of_notes"
branch_labels = None
depends_on = None

MARKS = "entry_in_error"
NAMED_IN = {"exercise_run": "run_id", "measure_response": "measure_id"}
FIXED = {
    "exercise_run": ("id", "couple_id", "at", "happened_on", "entered_at", "author"),
    "measure_response": ("id", "couple_id", "taken_on", "entered_at", "author"),
}
ONE_OF_TWO = "(attempt_id IS NULL) <> (rating_id IS NULL)"
ONE_OF_FOUR = (
    " + ".join(
        f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END"
        for name in ("attempt_id", "rating_id", "run_id", "measure_id")
    )
    + " = 1"
)


def upgrade() -> None:
    marks = []
    for table in NAMED_IN:
        _drop_guards(table)
        marks += _take_marks_out(table)
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_withdrawn"), type_="check")
            for name in ("withdrawn_at", "withdrawn_by", "revision"):
                batch_op.drop_column(name)
        _guard_append_only(table)
    _drop_guards(MARKS)
    with op.batch_alter_table(MARKS) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{MARKS}_one"), type_="check")
        for table, name in NAMED_IN.items():
            batch_op.add_column(sa.Column(name, sa.String(length=32), nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_{MARKS}_{name}_{table}"), table, [name], ["id"])
            batch_op.create_unique_constraint(op.f(f"uq_{MARKS}_{name}"), [name])
        batch_op.create_check_constraint(op.f(f"ck_{MARKS}_one"), ONE_OF_FOUR)
    if marks:
        op.bulk_insert(_marks(), marks)
    _guard_append_only(MARKS)


def downgrade() -> None:
    known = {table: _marks_on(table) for table in NAMED_IN}
    _drop_guards(MARKS)
    op.execute(f"DELETE FROM {MARKS} WHERE attempt_id IS NULL AND rating_id IS NULL")
    with op.batch_alter_table(MARKS) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{MARKS}_one"), type_="check")
        for table, name in NAMED_IN.items():
            batch_op.drop_constraint(op.f(f"fk_{MARKS}_{name}_{table}"), type_="foreignkey")
            batch_op.drop_constraint(op.f(f"uq_{MARKS}_{name}"), type_="unique")
            batch_op.drop_column(name)
        batch_op.create_check_constraint(op.f(f"ck_{MARKS}_one"), ONE_OF_TWO)
    _guard_append_only(MARKS)
    for table, marks in known.items():
        _drop_guards(table)
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
            batch_op.add_column(sa.Column("withdrawn_by", sa.String(length=60)))
            batch_op.add_column(sa.Column("revision", sa.Integer()))
        _put_marks_back(table, marks)
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column("revision", existing_type=sa.Integer(), nullable=False)
            batch_op.create_check_constraint(
                op.f(f"ck_{table}_withdrawn"), "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
            )
        _guard_withdrawing(table)


def _take_marks_out(table: str) -> list[dict]:
    """Seal every text anew without the reason; what is to be said in one table instead."""
    rows, seals, marks = _rows(table), _Seals(), []
    for row in op.get_bind().execute(sa.select(rows)).all():
        plain = seals.opened(table, row, revision=row.revision)
        reason = "" if plain is None else plain.pop("withdrawn_because", "")
        values = {"details_sealed": seals.sealed(table, row, plain)}
        op.execute(rows.update().where(rows.c.id == row.id).values(values))
        if row.withdrawn_at is not None:
            marks.append(_mark(table, row, seals, reason=None if plain is None else reason or "—"))
    return marks


def _mark(table: str, row: sa.Row, seals: "_Seals", *, reason: str | None) -> dict:
    # The file of a record gives the mark of an old run or measure the same id.
    mark_id = hashlib.sha256(f"{MARKS}:{row.id}".encode()).hexdigest()[:32]
    said = None if reason is None else {"reason": reason}
    named = dict.fromkeys(("attempt_id", "rating_id", *NAMED_IN.values()))
    return named | {
        "id": mark_id,
        NAMED_IN[table]: row.id,
        "couple_id": row.couple_id,
        "at": row.withdrawn_at,
        "author": row.withdrawn_by,
        "details_sealed": seals.sealed(MARKS, row, said, row_id=mark_id),
    }


def _marks_on(table: str) -> dict[str, sa.Row]:
    marks = _marks()
    named_in = marks.c[NAMED_IN[table]]
    found = op.get_bind().execute(sa.select(marks).where(named_in.is_not(None)))
    return {getattr(row, named_in.name): row for row in found}


def _put_marks_back(table: str, marks: dict[str, sa.Row]) -> None:
    rows, seals = _rows(table), _Seals()
    for row in op.get_bind().execute(sa.select(rows)).all():
        mark, revision = marks.get(row.id), 2 if row.id in marks else 1
        said = seals.opened(MARKS, mark) if mark else None
        plain = seals.opened(table, row)
        if plain is not None:
            plain["withdrawn_because"] = said["reason"] if said else ""
        values = {
            "details_sealed": seals.sealed(table, row, plain, revision=revision),
            "withdrawn_at": mark.at if mark else None,
            "withdrawn_by": mark.author if mark else None,
            "revision": revision,
        }
        op.execute(rows.update().where(rows.c.id == row.id).values(values))


def _rows(table: str) -> sa.TableClause:
    return sa.table(
        table,
        sa.column("id", sa.String),
        sa.column("couple_id", sa.String),
        sa.column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.column("withdrawn_by", sa.String),
        sa.column("revision", sa.Integer),
        sa.column("details_sealed", sa.LargeBinary),
    )


def _marks() -> sa.TableClause:
    names = ("id", "couple_id", "attempt_id", "rating_id", "run_id", "measure_id", "author")
    return sa.table(
        MARKS,
        *(sa.column(name, sa.String) for name in names),
        sa.column("at", sa.DateTime(timezone=True)),
        sa.column("details_sealed", sa.LargeBinary),
    )


class _Seals:
    """Opens and seals values with the couples' keys."""

    def __init__(self) -> None:
        ring = current_app.extensions["key_ring"]
        self._masters = {one.id: one.secret for one in ring.masters}
        self._kept = {}

    def opened(self, table: str, row: sa.Row, *, revision: int = 0) -> dict | None:
        """What a row's sealed text says; None where it does not open."""
        key, sealed = self._key(row.couple_id), row.details_sealed
        if key is None:
            return None
        place = _place(key[0], table, row.couple_id, row.id, revision)
        try:
            return json.loads(AESGCM(key[1]).decrypt(sealed[17:29], sealed[29:], place))
        except (InvalidTag, ValueError):
            return None

    def sealed(
        self,
        table: str,
        row: sa.Row,
        plain: dict | None,
        *,
        row_id: str | None = None,
        revision: int = 0,
    ) -> bytes:
        """The row's bytes with this text in them; as they are where its old text did not open."""
        if plain is None:
            return row.details_sealed
        key_id, secret = self._key(row.couple_id)
        text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        place = _place(key_id, table, row.couple_id, row_id or row.id, revision)
        nonce = secrets.token_bytes(12)
        return b"\x01" + key_id + nonce + AESGCM(secret).encrypt(nonce, text.encode(), place)

    def _key(self, owner: str) -> tuple[bytes, bytes] | None:
        if owner not in self._kept:
            self._kept[owner] = self._unwrapped(owner)
        return self._kept[owner]

    def _unwrapped(self, owner: str) -> tuple[bytes, bytes] | None:
        asked = sa.text("SELECT id, wrapped FROM data_key WHERE owner = :owner AND purpose = 'record'")
        row = op.get_bind().execute(asked, {"owner": owner}).first()
        if row is None:
            return None
        key_id, wrapped = bytes.fromhex(row.id), bytes(row.wrapped)
        master_id = wrapped[1:5]
        if master_id.hex() not in self._masters:
            raise RuntimeError(
                f"The master key {master_id.hex()} is not among CLINIC_ENCRYPTION_KEYS; "
                "put it back before the database is upgraded."
            )
        bound_to = _told(b"data-key", b"\x01", master_id, key_id, owner.encode())
        secret = AESGCM(self._masters[master_id.hex()])
        return key_id, secret.decrypt(wrapped[5:17], wrapped[17:], bound_to)


def _place(key_id: bytes, table: str, owner: str, row_id: str, revision: int) -> bytes:
    named = (table, "details_sealed", owner, row_id, str(revision))
    return _told(b"\x01", *(one.encode() for one in named), key_id)


def _told(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in (b"couples-clinic", *parts))


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _drop_guards(table: str) -> None:
    """Take the triggers away: they refuse the changes here, and would go with SQLite's copying."""
    if not _is_postgresql():
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER tr_{table}_no_{event}")
        return
    op.execute(f"DROP TRIGGER tr_{table}_append_only ON {table}")
    op.execute(f"DROP FUNCTION IF EXISTS guard_{table}()")


def _guard_append_only(table: str) -> None:
    if _is_postgresql():
        op.execute(
            f"CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER tr_{table}_no_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'append_only: {table}'); END"
        )


def _guard_withdrawing(table: str) -> None:
    """Refuse any change but the one that withdraws, as before."""
    if _is_postgresql():
        op.execute(
            f"CREATE FUNCTION guard_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP = 'UPDATE' AND NOT ({_refused(table, 'IS DISTINCT FROM')}) "
            f"THEN RETURN NEW; END IF; RAISE EXCEPTION 'append_only: {table}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER tr_{table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION guard_{table}()"
        )
        return
    refuses = f"BEGIN SELECT RAISE(ABORT, 'append_only: {table}'); END"
    op.execute(
        f"CREATE TRIGGER tr_{table}_no_update BEFORE UPDATE ON {table} "
        f"WHEN {_refused(table, 'IS NOT')} {refuses}"
    )
    op.execute(f"CREATE TRIGGER tr_{table}_no_delete BEFORE DELETE ON {table} {refuses}")


def _refused(table: str, unlike: str) -> str:
    fixed = " OR ".join(f"OLD.{name} {unlike} NEW.{name}" for name in FIXED[table])
    return f"OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR {fixed}"
