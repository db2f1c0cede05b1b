"""${message}

Runs on SQLite and PostgreSQL. Before writing one:
- add columns as nullable, fill them, then tighten, each step small enough to run while serving;
- on SQLite a change of a column copies the table (batch mode): triggers of that table must be
  made anew;
- data that is sealed cannot be read here: move such data with a command, not a migration.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
