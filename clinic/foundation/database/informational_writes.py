"""Write what only informs, when the database can: a reading is not refused for want of its trace.

Not for the audit log: what is to be audited and cannot be is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from clinic.foundation.database.failures import Failure, failure_of, name_of
from clinic.foundation.database.transactions import transaction

log = logging.getLogger(__name__)


@contextmanager
def informational_write() -> Iterator[Session]:
    """Run a transaction of its own that is left out when the database cannot write just now.

    A read-only standby, a full disk, a server going away: one line in the log, nothing raised.
    Any other error is raised. Belongs outside of other transactions.
    """
    try:
        with transaction() as current:
            yield current
    except SQLAlchemyError as error:
        if failure_of(error) is not Failure.UNAVAILABLE:
            raise
        log.warning("left out, the database cannot write: %s", name_of(error))
