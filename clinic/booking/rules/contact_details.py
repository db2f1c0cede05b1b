"""What a person may enter when booking, checked field by field (pure).

Every check gives `{field path: [sentences]}`; a path is the JSON API's (`partner.email`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from clinic.booking.rules.person_names import has_link
from clinic.foundation.errors import N_
from clinic.foundation.mail.addresses import is_mail_address
from clinic.foundation.messages import Problems
from clinic.foundation.texts.characters import has_refused_characters
from clinic.foundation.texts.email_spelling import normalise_email
from clinic.foundation.texts.single_line import has_control_characters
from clinic.foundation.zone_offsets import zone_names
from clinic.practice.rules.practice_rules import FORMATS, SITE_LANGUAGES

NAME_LENGTH = 100
MESSAGE_LENGTH = 2000
CONCERNS_AT_MOST = 3
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredPartner:
    """A partner as entered."""

    name: str
    email: str
    time_zone: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """Everything that a booking needs; `start` is an aware UTC instant."""

    therapist: str | None
    """The slug, or None for whoever is free."""
    session_type: str
    start: datetime
    format: str
    partner: EnteredPartner
    other_partner: EnteredPartner | None = None
    concerns: tuple[str, ...] = ()
    message: str = ""
    privacy_accepted: bool = False
    hold_token: str | None = None
    idempotency_key: str | None = None


def check_request(request: BookingRequest, *, concern_codes: Collection[str]) -> Problems:
    """Every problem of a request that can be seen without a diary."""
    problems = check_person(request.partner, at="partner")
    if request.other_partner is not None:
        problems |= check_person(request.other_partner, at="other_partner", email_needed=False)
        own, others = request.partner.email, request.other_partner.email
        if others and normalise_email(others) == normalise_email(own):
            said = N_("Each partner needs an address of their own.")
            problems.setdefault("other_partner.email", []).append(said)
    if request.format not in FORMATS:
        problems["format"] = [N_("Please choose online or in person.")]
    problems |= check_concerns(request.concerns, codes=concern_codes)
    problems |= check_message(request.message)
    if not request.privacy_accepted:
        problems["privacy_accepted"] = [N_("We need your agreement to keep these details.")]
    key = request.idempotency_key
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        problems["Idempotency-Key"] = [N_("Up to 200 visible ASCII characters.")]
    return problems


def check_person(person: EnteredPartner, *, at: str, email_needed: bool = True) -> Problems:
    """Name, address, zone and language of one partner."""
    found: Mapping[str, Iterable[str]] = {
        f"{at}.name": check_name(person.name),
        f"{at}.email": check_email(person.email) if email_needed or person.email else [],
        f"{at}.time_zone": check_time_zone(person.time_zone),
        f"{at}.language": []
        if person.language in SITE_LANGUAGES
        else [N_("Please choose English or Portuguese.")],
    }
    return {path: list(said) for path, said in found.items() if said}


def check_name(name: str) -> list[str]:
    """Check a name: anything that people are called, on one line, up to 100 characters, no link."""
    if not name.strip():
        return [N_("Please tell us how to call you.")]
    if len(name) > NAME_LENGTH:
        return [N_("This is longer than 100 characters.")]
    if has_control_characters(name):
        return [N_("Please write the name on one line.")]
    if has_link(name):
        return [N_("Please write the name alone, without a link or an e-mail address.")]
    return []


def check_email(email: str) -> list[str]:
    """An address that can be written to."""
    if not email.strip():
        return [N_("Please give an e-mail address: the confirmation goes there.")]
    return [] if is_mail_address(email) else [N_("This does not look like an e-mail address.")]


def check_time_zone(zone: str) -> list[str]:
    """Only names of the IANA list: ZoneInfo itself would also take files of the system."""
    return [] if zone in zone_names() else [N_("We do not know this time zone.")]


def check_concerns(concerns: Collection[str], *, codes: Collection[str]) -> Problems:
    """Up to three codes of the needs vocabulary."""
    if any(code not in codes for code in concerns):
        return {"concerns": [N_("One of these is not on the list.")]}
    if len(set(concerns)) > CONCERNS_AT_MOST:
        return {"concerns": [N_("Please choose up to three.")]}
    return {}


def check_message(message: str) -> Problems:
    """Free text, on several lines, up to 2,000 characters."""
    if len(message) > MESSAGE_LENGTH:
        return {"message": [N_("This is longer than 2,000 characters.")]}
    if has_refused_characters(message):
        return {"message": [N_("There are characters in it that cannot be stored.")]}
    return {}


def tidy(text: str) -> str:
    """Composed characters, no white space around."""
    return unicodedata.normalize("NFC", text).strip()
