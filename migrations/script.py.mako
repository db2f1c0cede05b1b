"""${message}

Runs on SQLite and PostgreSQL. Before writing one:
- add columns as nullable, fill them, then tighten, each step small enough to run while serving;
- on SQLite a change of a column copies the table (batch mode): triggers of that table must be
  made anew;
- import nothing of `clinic`: it changes, what a migration did stays as it was;
- data that is sealed is best moved by a command. Where a migration must open and seal it anew, it
  brings the form of the seal along (20261128_0010), and leaves alone what does not open.
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
