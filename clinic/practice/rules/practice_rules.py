"""What a therapist, a session type and a clinic must be like. Everything wrong is told at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

from clinic.foundation.mail.addresses import is_mail_address
from clinic.foundation.messages import Problems, message
from clinic.foundation.texts.characters import has_refused_characters
from clinic.foundation.texts.single_line import has_control_characters
from clinic.foundation.zone_offsets import zone_names
from clinic.practice.rules.edit_commands import (
    ClinicDetails,
    SessionTypeDetails,
    Texts,
    TherapistProfile,
)

SITE_LANGUAGES = ("en", "pt")
THERAPIST_LANGUAGES = ("en", "pt", "es", "fr", "de", "it", "nl", "pl", "ro", "uk", "ru", "ar", "zh")
"""What a therapist may work in (ISO 639-1)."""
FORMATS = ("online", "in_person")
AUDIENCES = ("public", "existing")
LONGEST_PRACTICE_NAME, LONGEST_LINE, LONGEST_PRACTICE_TEXT = 120, 300, 5000
RESERVED_SLUGS = frozenset({"new"})
"""Words that are pages of their own beside the pages named by slugs."""

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_NUMBERS = {
    # as the table's own constraints
    "length_minutes": (5, 480),
    "buffer_before_minutes": (0, 240),
    "buffer_after_minutes": (0, 240),
    "notice_minutes": (0, 129_600),
    "horizon_days": (1, 730),
    "grid_minutes": (5, 240),
    "grid_offset_minutes": (0, 239),
    "change_notice_minutes": (0, 129_600),
    "max_per_day": (1, 50),
    "sort": (0, 9_999),
}


@cache
def time_zones() -> frozenset[str]:
    """The IANA zones that exist here, without names that mean a machine's own setting."""
    return zone_names() - {"Factory"}


def therapist_problems(
    profile: TherapistProfile, *, modalities: Collection[str], needs: Collection[str]
) -> Problems:
    """What is wrong with a profile, given the codes of the two vocabularies it uses."""
    found: Problems = {}
    _add(found, "slug", slug_problems(profile.slug))
    _add(found, "name", name_problems(profile.name))
    _add_texts(found, "title", profile.title, longest=LONGEST_PRACTICE_NAME)
    _add_texts(found, "biography", profile.biography, longest=LONGEST_PRACTICE_TEXT, lines=True)
    if profile.email is not None:
        _add(found, "email", email_problems(profile.email))
    _add(found, "time_zone", zone_problems(profile.time_zone))
    _add(
        found,
        "languages",
        choice_problems(profile.languages, THERAPIST_LANGUAGES, at_least_one=True),
    )
    _add(found, "formats", choice_problems(profile.formats, FORMATS, at_least_one=True))
    _add(found, "modalities", choice_problems(profile.modalities, modalities))
    _add(found, "concerns", choice_problems(profile.concerns, needs))
    if profile.max_sessions_per_day is not None:
        _add(found, "max_sessions_per_day", number_problems(profile.max_sessions_per_day, 1, 50))
    _add(found, "sort", number_problems(profile.sort, *_NUMBERS["sort"]))
    return found


def session_type_problems(details: SessionTypeDetails, *, therapists: Collection[str]) -> Problems:
    """What is wrong with a session type, given the slugs of the clinic's therapists."""
    found: Problems = {}
    _add(found, "slug", slug_problems(details.slug))
    _add(found, "name.en", name_problems(details.name.get("en", "")))
    _add_texts(found, "name", details.name, longest=LONGEST_PRACTICE_NAME)
    _add_texts(found, "description", details.description, longest=LONGEST_PRACTICE_TEXT, lines=True)
    for path, (low, high) in _NUMBERS.items():
        value = getattr(details, path)
        if value is not None:
            _add(found, path, number_problems(value, low, high))
    _add(found, "formats", choice_problems(details.formats, FORMATS, at_least_one=True))
    _add(found, "audience", choice_problems((details.audience,), AUDIENCES))
    _add(found, "therapists", choice_problems(details.therapists, therapists))
    if not found:
        _add(found, "grid_offset_minutes", _offset_problems(details))
        _add(found, "notice_minutes", _notice_problems(details))
    return found


def clinic_problems(details: ClinicDetails) -> Problems:
    """What is wrong with the clinic's details."""
    found: Problems = {}
    _add(found, "name", name_problems(details.name))
    _add(found, "short_name", name_problems(details.short_name, longest=40))
    _add(found, "time_zone", zone_problems(details.time_zone))
    _add(found, "language", choice_problems((details.language,), SITE_LANGUAGES))
    _add(found, "email", email_problems(details.email))
    _add(found, "phone", text_problems(details.phone or "", longest=40))
    _add(found, "address", text_problems(details.address or "", longest=LONGEST_LINE, lines=True))
    _add_texts(found, "welcome", details.welcome, longest=LONGEST_PRACTICE_TEXT, lines=True)
    return found


def slug_problems(slug: str) -> list[str]:
    """A slug is the last part of an address: small letters, digits and single hyphens."""
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        return [
            message("Use up to 60 small letters and digits, with single hyphens between the words.")
        ]
    if slug in RESERVED_SLUGS:
        return [message("This word is already the name of a page. Please choose another.")]
    return []


def name_problems(name: str, *, longest: int = LONGEST_PRACTICE_NAME) -> list[str]:
    """A name is there, on one line and not endless."""
    if not name.strip():
        return [message("Please write a name.")]
    return text_problems(name, longest=longest)


def text_problems(text: str, *, longest: int, lines: bool = False) -> list[str]:
    """A text is not longer than there is room for and has no characters that cannot be seen."""
    is_refused = has_refused_characters if lines else has_control_characters
    found: list[str] = []
    if len(text) > longest:
        found.append(message("Please keep this to %(longest)s characters.", longest=longest))
    if is_refused(text):
        found.append(message("This has characters that cannot be shown. Please type it again."))
    return found


def email_problems(email: str) -> list[str]:
    """An address that mail could be sent to, as far as its form tells."""
    if is_mail_address(email) and email == email.strip():
        return []
    return [message("This does not look like an e-mail address.")]


def zone_problems(zone: str) -> list[str]:
    """A time zone that the IANA database knows."""
    if zone not in time_zones():
        return [message("There is no such time zone. Choose one such as Europe/Lisbon.")]
    return []


def number_problems(number: int, low: int, high: int) -> list[str]:
    """A whole number within limits, both included."""
    if not low <= number <= high:
        return [message("Please give a number from %(low)s to %(high)s.", low=low, high=high)]
    return []


def choice_problems(
    chosen: Collection[str], offered: Collection[str], *, at_least_one: bool = False
) -> list[str]:
    """Only what is on offer, each once."""
    if at_least_one and not chosen:
        return [message("Please choose at least one.")]
    if not set(chosen) <= set(offered) or len(set(chosen)) < len(chosen):
        return [message("One of these is not on offer. Please choose again.")]
    return []


def _offset_problems(details: SessionTypeDetails) -> list[str]:
    if details.grid_offset_minutes < details.grid_minutes:
        return []
    return [message("The first start must come before the second: less than the grid's own step.")]


def _notice_problems(details: SessionTypeDetails) -> list[str]:
    if details.notice_minutes < details.horizon_days * 1440:
        return []
    return [message("With this notice nothing could ever be booked: it reaches past the horizon.")]


def _add(found: Problems, path: str, sentences: Iterable[str]) -> None:
    new = [sentence for sentence in sentences if sentence not in found.get(path, [])]
    if new:
        found.setdefault(path, []).extend(new)


def _add_texts(
    found: Problems, path: str, texts: Texts, *, longest: int, lines: bool = False
) -> None:
    for language, text in texts.items():
        if language not in SITE_LANGUAGES:
            _add(found, path, [message("Texts are kept in English and Portuguese only.")])
            continue
        _add(found, f"{path}.{language}", text_problems(text, longest=longest, lines=lines))
