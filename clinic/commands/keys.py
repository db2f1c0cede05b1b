"""Run `flask keys`: move the data keys under the newest master key."""

from __future__ import annotations

from flask.cli import AppGroup, with_appcontext

from clinic.command_output import one_line, print_text
from clinic.foundation.crypto.rotation import count_by_master, rotate_keys

keys_group = AppGroup("keys", help="The keys that lock the records.")


@keys_group.command("rotate")
@with_appcontext
@one_line
def rotate_command() -> None:
    """Lock every record's key with the newest master key; can be stopped and begun again."""
    for progress in rotate_keys():
        print_text(f"{progress.done} of {progress.total}")
    for one in count_by_master():
        state = "in use" if one.keys else "may be taken out of CLINIC_ENCRYPTION_KEYS"
        print_text(f"{one.master}: {one.keys} ({'newest' if one.is_newest else state})")
