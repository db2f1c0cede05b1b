"""A note without what belongs to restricted ruptures, for who opened only the joint chart. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from clinic.notes.note_content import NoteContent


def without_ruptures(content: NoteContent, hidden: Collection[str]) -> NoteContent:
    """The content without entries, attempts and new ruptures of the refs in `hidden`."""
    if not hidden:
        return content
    return replace(
        content,
        ruptures=tuple(one for one in content.ruptures if one.ref not in hidden),
        new_ruptures=tuple(one for one in content.new_ruptures if one.key not in hidden),
        attempts=tuple(one for one in content.attempts if one.rupture not in hidden),
    )
