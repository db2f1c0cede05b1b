"""Forms for the clinic, its therapists, session types and closures; hours: `practice/hours/`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    TelField,
)

from clinic.foundation.database.transactions import new_id
from clinic.practice.form_fields import (
    UNITS,
    Needed,
    PracticeForm,
    ZoneField,
    in_largest_unit,
    line,
    lines,
    many_of,
    number,
    unit,
)
from clinic.practice.rules.edit_commands import (
    ClinicDetails,
    SessionTypeDetails,
    Texts,
    TherapistProfile,
)
from clinic.practice.rules.edit_conflicts import version_of
from clinic.practice.rules.practice_rules import SITE_LANGUAGES, THERAPIST_LANGUAGES
from clinic.practice.vocabularies.terms import vocabulary_of_request

FORMAT_NAMES = {"online": _l("Online"), "in_person": _l("In person")}


class ClinicForm(PracticeForm):
    """The clinic's details."""

    name = line(_l("Name"), needed=True)
    short_name = line(_l("Short name"), needed=True)
    time_zone = ZoneField(_l("Time zone"))
    language = SelectField(
        _l("Language for readers whose own is not known"),
        validate_choice=False,
        validators=[Needed()],
    )
    email = line(_l("E-mail"), needed=True, kind=EmailField)
    phone = line(_l("Telephone"), kind=TelField)
    address = lines(_l("Address"))
    welcome_en = lines(_l("Welcome, in English"))
    welcome_pt = lines(_l("Welcome, in Portuguese"))

    def __init__(self, details: ClinicDetails, *, sent: Any = None) -> None:
        given = _flat(asdict(details)) | {"version": version_of(details)}
        super().__init__(formdata=sent, data=given)
        self.time_zone.offer()
        self.language.choices = _languages(SITE_LANGUAGES)

    def command(self) -> ClinicDetails:
        """What was typed."""
        return ClinicDetails(
            name=self.name.data,
            short_name=self.short_name.data,
            time_zone=self.time_zone.data or "",
            language=self.language.data or "",
            email=self.email.data,
            phone=self.phone.data or None,
            address=self.address.data or None,
            welcome=_texts(self, "welcome"),
        )


class TherapistForm(PracticeForm):
    """A therapist's profile."""

    name = line(_l("Name"), needed=True)
    slug = line(_l("Address of their page"), needed=True)
    title_en = line(_l("Line under the name, in English"))
    title_pt = line(_l("Line under the name, in Portuguese"))
    biography_en = lines(_l("Introduction, in English"))
    biography_pt = lines(_l("Introduction, in Portuguese"))
    email = line(_l("E-mail"), kind=EmailField)
    time_zone = ZoneField(_l("Time zone"))
    languages = many_of(_l("Languages they work in"))
    formats = many_of(_l("How they meet"))
    modalities = many_of(_l("Ways of working"))
    concerns = many_of(_l("What they work with"))
    accepts_new_couples = BooleanField(_l("Takes on new couples"))
    max_sessions_per_day = number(_l("Most sessions a day"), needed=False)
    sort = number(_l("Place in the list"))
    active = BooleanField(_l("Works here: shown on the site and can be booked"))
    key = HiddenField(default=new_id)

    def __init__(
        self, profile: TherapistProfile | None = None, *, time_zone: str = "", sent: Any = None
    ) -> None:
        given = _NEW | {"time_zone": time_zone}
        if profile is not None:
            given = _flat(asdict(profile)) | {"version": version_of(profile)}
        super().__init__(formdata=sent, data=given)
        self.time_zone.offer()
        self.languages.choices = _languages(THERAPIST_LANGUAGES)
        self.formats.choices = _formats()
        self.modalities.choices = _terms("modality", chosen=given.get("modalities", ()))
        self.concerns.choices = _terms("need", chosen=given.get("concerns", ()))

    def command(self) -> TherapistProfile:
        """What was typed."""
        return TherapistProfile(
            slug=self.slug.data,
            name=self.name.data,
            title=_texts(self, "title"),
            biography=_texts(self, "biography"),
            email=self.email.data or None,
            time_zone=self.time_zone.data or "",
            languages=tuple(self.languages.data),
            formats=tuple(self.formats.data),
            modalities=tuple(self.modalities.data),
            concerns=tuple(self.concerns.data),
            accepts_new_couples=self.accepts_new_couples.data,
            max_sessions_per_day=self.max_sessions_per_day.data,
            active=self.active.data,
            sort=self.sort.data,
        )


class SessionTypeForm(PracticeForm):
    """A kind of appointment."""

    aliases: Mapping[str, str] = {
        "notice_minutes": "notice",
        "change_notice_minutes": "change_notice",
    }

    name_en = line(_l("Name, in English"), needed=True)
    name_pt = line(_l("Name, in Portuguese"))
    slug = line(_l("Address of its page"), needed=True)
    description_en = lines(_l("Description, in English"))
    description_pt = lines(_l("Description, in Portuguese"))
    audience = RadioField(
        _l("For whom"),
        choices=[
            SelectChoice("public", _l("Everybody: it can be booked on the site")),
            SelectChoice("existing", _l("Couples who come here already: booked by staff")),
        ],
        validate_choice=False,
        validators=[Needed()],
    )
    formats = many_of(_l("How you meet"))
    therapists = many_of(_l("Offered by"))
    length_minutes = number(_l("Length, in minutes"))
    buffer_before_minutes = number(_l("Kept free before, in minutes"))
    buffer_after_minutes = number(_l("Kept free after, in minutes"))
    grid_minutes = number(_l("A start every so many minutes"))
    grid_offset_minutes = number(_l("The first, in minutes past midnight"))
    notice = number(_l("Shortest notice"))
    notice_unit = unit()
    horizon_days = number(_l("Can be booked ahead, in days"))
    max_per_day = number(_l("Most of these a day, for each therapist"), needed=False)
    change_notice = number(_l("Time for changes"))
    change_notice_unit = unit()
    needs_confirmation = BooleanField(_l("A member of staff confirms each booking"))
    sort = number(_l("Place in the list"))
    active = BooleanField(_l("On offer"))
    key = HiddenField(default=new_id)

    def __init__(
        self,
        details: SessionTypeDetails | None = None,
        *,
        therapists: Collection[tuple[str, str]],
        sent: Any = None,
    ) -> None:
        given = _flat(asdict(details or _NEW_SESSION_TYPE))
        given["version"] = version_of(details) if details else ""
        for name in ("notice", "change_notice"):
            given[name], given[f"{name}_unit"] = in_largest_unit(given[f"{name}_minutes"])
        super().__init__(formdata=sent, data=given)
        self.formats.choices = _formats()
        self.therapists.choices = dict(therapists)

    def command(self) -> SessionTypeDetails:
        """What was typed, with the notices in minutes."""
        return SessionTypeDetails(
            slug=self.slug.data,
            name=_texts(self, "name"),
            description=_texts(self, "description"),
            audience=self.audience.data or "",
            formats=tuple(self.formats.data),
            therapists=tuple(sorted(self.therapists.data)),
            length_minutes=self.length_minutes.data,
            buffer_before_minutes=self.buffer_before_minutes.data,
            buffer_after_minutes=self.buffer_after_minutes.data,
            grid_minutes=self.grid_minutes.data,
            grid_offset_minutes=self.grid_offset_minutes.data,
            notice_minutes=self.notice.data * UNITS[self.notice_unit.data],
            horizon_days=self.horizon_days.data,
            max_per_day=self.max_per_day.data,
            change_notice_minutes=self.change_notice.data * UNITS[self.change_notice_unit.data],
            needs_confirmation=self.needs_confirmation.data,
            sort=self.sort.data,
            active=self.active.data,
        )


_NEW: dict[str, Any] = {"accepts_new_couples": True, "active": True, "sort": 0}
_NEW_SESSION_TYPE = SessionTypeDetails(
    slug="", name={}, length_minutes=50, formats=tuple(FORMAT_NAMES)
)


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Texts by language as one value a field: `title` becomes `title_en` and `title_pt`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= {f"{name}_{language}": value.get(language, "") for language in SITE_LANGUAGES}
        else:
            flat[name] = value
    return flat


def _texts(form: PracticeForm, name: str) -> Texts:
    typed = {language: form[f"{name}_{language}"].data for language in SITE_LANGUAGES}
    return {language: text for language, text in typed.items() if text}


def _formats() -> dict[str, str]:
    return {code: str(name) for code, name in FORMAT_NAMES.items()}


def _languages(codes: Collection[str]) -> dict[str, str]:
    """Languages with their names in the reader's."""
    reader = get_locale() or Locale("en")
    return {code: str(Locale(code).get_display_name(reader)).capitalize() for code in codes}


def _terms(vocabulary: str, *, chosen: Collection[str]) -> dict[str, str]:
    """Terms on offer, and retired ones that a profile has; none that needs words of its own."""
    reader = str(get_locale() or "en")
    return {
        term.code: term.label(reader)
        for term in vocabulary_of_request(vocabulary).offered(chosen=chosen)
        if term.code in chosen or not term.needs_text
    }
