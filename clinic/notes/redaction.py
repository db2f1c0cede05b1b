"""A note without what is restricted, for who opened only the joint chart. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from clinic.notes.note_content import NoteContent, SafetyCheck


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


def without_flag(content: NoteContent) -> NoteContent:
    """The content without what a raised safety check says; that it was raised stays."""
    if not content.safety.raises_flag:
        return content
    return replace(content, safety=SafetyCheck(content.safety.result))
