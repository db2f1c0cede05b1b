"""Where somebody may be sent on to: a path of this site, never anywhere else. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST_PATH = 2000


def local_path(target: str | None) -> str | None:
    """The target when it is a path of this site, else None.

    Browsers read a backslash as a slash and drop tabs and line breaks: none of these gets through.
    """
    if not target or len(target) > LONGEST_PATH or not target.startswith("/"):
        return None
    if target.startswith("//") or "\\" in target or not target.isprintable():
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target
