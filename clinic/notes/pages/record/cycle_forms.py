"""The form for a new version of the couple's cycle, with a part for each partner."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField

from clinic.notes.pages.between_sessions.forms import RecordForm, terms
from clinic.notes.record.open_record import Chart
from clinic.notes.rules.clinical_checks import CYCLE_TEXTS
from clinic.notes.rules.clinical_values import CycleDetails, CyclePart
from clinic.practice.form_fields import line


class CycleForm(RecordForm):
    """A new version of the couple's cycle, with a part for each partner."""

    trigger = line(_l("What sets it off"))
    pattern = SelectField(_l("Pattern"), validate_choice=False)
    base = HiddenField()

    members: tuple[str, ...] = ()

    def details(self) -> CycleDetails:
        """What was typed."""
        return CycleDetails(
            trigger=self.trigger.data,
            pattern=self.pattern.data or None,
            parts=tuple(part for slot in self.members if (part := self._part(slot)) is not None),
        )

    @property
    def base_number(self) -> int:
        """The version that it was drawn on top of; one that cannot be read is none of ours."""
        text = self.base.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1

    def texts_of(self, slot: str) -> list[Any]:
        """One partner's fields, in the order of the picture."""
        return [self[f"{slot}-{name}"] for name in ("position", *CYCLE_TEXTS)]

    def field_at(self, path: str) -> Any:
        """The field that a path of the rules is about; parts are counted as they were told."""
        head, _dot, rest = path.partition(".")
        if head != "parts":
            return super().field_at(path)
        at, _dot, name = rest.partition(".")
        return self[f"{self.details().parts[int(at)].partner}-{name}"]

    def _part(self, slot: str) -> CyclePart | None:
        position = self[f"{slot}-position"].data or None
        texts = {name: self[f"{slot}-{name}"].data for name in CYCLE_TEXTS}
        if position is None and not any(texts.values()):
            return None
        return CyclePart(slot, position=position, **texts)


def cycle_form(
    chart: Chart, latest: CycleDetails | None, *, number: int, sent: Any = None
) -> CycleForm:
    """A form for the partners of this couple, filled with what was drawn last."""
    fields: dict[str, Any] = {"members": chart.members}
    names = {
        "move": _l("What they do"),
        "perception": _l("What they take it to mean"),
        "secondary_emotion": _l("Feeling that shows"),
        "primary_emotion": _l("Feeling underneath"),
        "need": _l("What they long for"),
    }
    for slot in chart.members:
        fields[f"{slot}-position"] = SelectField(_l("Position"), validate_choice=False)
        fields |= {f"{slot}-{name}": line(names[name]) for name in CYCLE_TEXTS}
    kind = type("CycleFormOfCouple", (CycleForm,), fields)
    form: CycleForm = kind(sent, data=_drawn(latest) | {"base": str(number)})
    chosen = [latest.pattern] if latest else []
    form.pattern.choices = [("", _("Not told")), *terms("cycle_pattern", chosen=chosen)]
    for slot in chart.members:
        form[f"{slot}-position"].choices = [("", _("Not told")), *terms("cycle_position")]
    return form


def _drawn(latest: CycleDetails | None) -> dict[str, Any]:
    if latest is None:
        return {}
    given: dict[str, Any] = {"trigger": latest.trigger, "pattern": latest.pattern or ""}
    for part in latest.parts:
        given[f"{part.partner}-position"] = part.position or ""
        given |= {f"{part.partner}-{name}": getattr(part, name) for name in CYCLE_TEXTS}
    return given
