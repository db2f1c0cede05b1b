from __future__ import annotations

from datetime import timedelta

import pytest

from clinic.foundation.errors import InvalidInput, NotAllowed
from clinic.notes.signing.signing import ProofNeeded
from tests.support.notes.whole_record import NOW, open_in_emergency

pytestmark = pytest.mark.usefixtures("context")


def test_break_glass_needs_a_clinician_a_reason_and_a_fresh_proof(whole_record):
    with pytest.raises(NotAllowed):
        open_in_emergency(whole_record, "desk")
    with pytest.raises(NotAllowed):
        open_in_emergency(whole_record, "admin")
    with pytest.raises(InvalidInput, match="reason"):
        open_in_emergency(whole_record, reason="because")
    with pytest.raises(ProofNeeded):
        open_in_emergency(whole_record, proved_at=NOW - timedelta(minutes=5))
