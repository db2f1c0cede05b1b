"""What tests of the reducer share: the appointments that follow from the events of a service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clinic.scheduling_services.rules.appointment_effects import (
    Book,
    Cancel,
    Confirm,
    Correct,
    Join,
    Move,
    NoShow,
    Nothing,
    Reassign,
    Restore,
)
from clinic.scheduling_services.rules.reducer import diff, reduce_all
from clinic.scheduling_services.rules.reschedule_chain_state import ChainStatus

DAY = datetime(2026, 12, 7, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOLD = datetime(2026, 12, 1, 8, tzinfo=UTC)


class Desk:
    """The appointments as they would stand here, fed one event at a time with `diff` alone."""

    def __init__(self):
        self.events, self.states, self.appointments, self.made = [], [], {}, 0

    def hear(self, event):
        self.events.append(event)
        after = reduce_all(self.events)
        for new in after:
            before = [old for old in self.states if set(old.ids) & set(new.ids)]
            if before != [new]:
                self.follow(before, new)
        self.states = after

    def follow(self, before, new):
        rows = {old.root_id: self.appointments.pop(old.root_id) for old in before if old.is_made}
        for effect in diff(before[0] if before else None, new, joined=before[1:]):
            if isinstance(effect, Join):
                del rows[effect.root_id]
            elif isinstance(effect, Book):
                self.made += 1
                state = effect.state
                rows[""] = [self.made, state.status, state.starts_at, state.ends_at, set()]
            else:
                self.change(effect, *rows.values())
        if rows:
            (self.appointments[new.root_id],) = rows.values()

    @staticmethod
    def change(effect, *row):
        if isinstance(effect, Nothing | Reassign):
            return
        (row,) = row
        if isinstance(effect, Confirm):
            row[1] = ChainStatus.CONFIRMED
        elif isinstance(effect, Cancel):
            over = ChainStatus.REJECTED if effect.rejected else ChainStatus.CANCELLED
            row[1:4] = [over, effect.starts_at, effect.ends_at]
        elif isinstance(effect, Move | Restore | Correct):
            row[1:4] = [effect.status, effect.starts_at, effect.ends_at]
        elif isinstance(effect, NoShow):
            (row[4].add if effect.absent else row[4].discard)(effect.email)
