"""The form of one term of a vocabulary, and what its pages call things."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField

from clinic.foundation.database.transactions import new_id
from clinic.foundation.errors import InvalidInput
from clinic.practice.form_fields import PracticeForm, line, lines, number
from clinic.practice.rules.custom_terms import is_own
from clinic.practice.rules.edit_commands import TermDetails
from clinic.practice.rules.vocabulary import Term, Vocabulary

LAST = 10
"""A new term is put this far behind the last one but "other"."""


class TermForm(PracticeForm):
    """A term's words in both languages, and its place."""

    label_en = line(_l("In English"), needed=True)
    label_pt = line(_l("In Portuguese"), needed=True)
    definition_en = lines(_l("What it means, in English"), needed=True)
    definition_pt = lines(_l("What it means, in Portuguese"), needed=True)
    label_reviewed_by = line(_l("Portuguese reviewed by"))
    group = SelectField(_l("Group"), validate_choice=False)
    sort = number(_l("Place in the list"))
    revision = HiddenField(default="0")
    key = HiddenField(default=new_id)

    def __init__(
        self, vocabulary: Vocabulary, term: Term | None = None, *, revision: int = 0
    ) -> None:
        shown = term or _blank(vocabulary)
        super().__init__(data={**_words(shown), "revision": str(revision)})
        self.has_group = bool(vocabulary.groups()) and (term is None or is_own(term.code))
        self.group.choices = {"": _("None")} | {
            group: group_name(group) for group in vocabulary.groups()
        }

    def command(self) -> TermDetails:
        """What was typed."""
        return TermDetails(
            label_en=self.label_en.data,
            label_pt=self.label_pt.data,
            definition_en=self.definition_en.data,
            definition_pt=self.definition_pt.data,
            sort=self.sort.data,
            label_reviewed_by=self.label_reviewed_by.data or None,
            group=(self.group.data or None) if self.has_group else None,
        )

    def based_on(self) -> int:
        """The revision that the form was drawn from. Raises `InvalidInput`."""
        text = self.revision.data or ""
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise InvalidInput({"revision": [_("This page was sent incomplete.")]})
        return int(text)


def group_name(group: str | None) -> str:
    """What a group of terms within a vocabulary is called."""
    names = {
        "efct_stage_1": _("EFCT stage 1, de-escalation"),
        "efct_stage_2": _("EFCT stage 2, bonding"),
        "efct_stage_3": _("EFCT stage 3, consolidation"),
        "cbct": _("CBCT"),
        "other_methods": _("Other methods"),
        "mind": _("The mind's moves"),
        "outward": _("Attention outward"),
        "self_talk": _("What one tells oneself"),
        "quality": _("A quality, not a method"),
        "present": _("Was there"),
        "absent": _("Was not there"),
    }
    return str(names.get(group or "", ""))


def source_name(term: Term) -> str:
    """Where a term comes from."""
    if is_own(term.code):
        return str(_("This clinic"))
    names = {
        "S1": _("The practice's texts"),
        "S2": _("The practice's texts"),
        "S3": _("The practice's texts"),
        "X": _("The literature"),
        "P": _("This product"),
    }
    return ", ".join(dict.fromkeys(str(names[one]) for one in term.source))


def _blank(vocabulary: Vocabulary) -> Term:
    others = [term.sort for term in vocabulary.terms if term.code != "other"]
    return Term("", "", "", "", "", ("P",), active=True, sort=max(others, default=0) + LAST)


def _words(term: Term) -> dict[str, object]:
    return {
        "label_en": term.label_en,
        "label_pt": term.label_pt,
        "definition_en": term.definition_en,
        "definition_pt": term.definition_pt,
        "label_reviewed_by": term.label_reviewed_by or "",
        "group": term.group or "",
        "sort": term.sort,
    }
