"""Hide what an installation writes from the machine's other users, whatever the umask was."""

from __future__ import annotations

import os
import stat
from pathlib import Path

PRIVATE_UMASK = 0o077
OF_OTHERS = 0o077
WRITTEN_HERE = ("clinic.db*", "demo.json", "secret_key", "encryption_keys", "mail", "mail/*.eml")
BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal")


def make_private(folder: Path, *, database: str | None) -> None:
    """Close the instance folder and what was written there to everybody but its owner.

    `database` is the path of the SQLite file, which may lie elsewhere. What is written from now on
    by this process is private too. A folder that is shared on purpose (its sticky bit is set) or
    belongs to another user is left as it is; the files in it are ours and are closed.
    """
    os.umask(PRIVATE_UMASK)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _close(folder)
    for pattern in WRITTEN_HERE:
        for path in folder.glob(pattern):
            _close(path)
    if database and database != ":memory:":
        for end in BESIDE_A_DATABASE:
            _close(Path(database + end))


def _close(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    shared = stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX
    if shared or found.st_uid != os.geteuid() or not found.st_mode & OF_OTHERS:
        return
    path.chmod(stat.S_IMODE(found.st_mode) & ~OF_OTHERS)
