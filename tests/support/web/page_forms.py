"""The forms of a page: where each is sent, and its fields with what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from flask import Flask

NOT_TEXT = {"checkbox", "radio", "submit", "file", "password", "button", "date", "time", "number"}
BUTTONS = {"submit", "button", "image", "reset"}
PASSWORDS = {"password", "present", "new"}


@dataclass(frozen=True)
class Field:
    name: str
    value: str
    kind: str

    @property
    def is_text(self) -> bool:
        is_secret = self.name in PASSWORDS or self.name.endswith("csrf_token")
        return self.kind not in NOT_TEXT and not is_secret


@dataclass(frozen=True)
class PageForm:
    """A form as it stands on a page, and who was shown it."""

    page: str
    action: str
    fields: tuple[Field, ...]
    role: str

    @property
    def texts(self) -> list[str]:
        return list(dict.fromkeys(one.name for one in self.fields if one.is_text))

    def sent(self, **changes: str) -> list[tuple[str, str]]:
        """What a browser would send, with these texts in place of others."""
        kept = [(one.name, one.value) for one in self.fields if one.name not in changes]
        return [*kept, *changes.items()]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[dict[str, str], list[Field]]] = []
        self._outside: dict[str, list[Field]] = {}
        self._inside = False
        self._area: tuple[str, list[str]] | None = None
        self._select = ""
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((attributes, []))
            self._inside = True
        elif tag == "input":
            kind = attributes.get("type", "text")
            if kind not in {"checkbox", "radio"} or "checked" in attributes:
                self._add_field(attributes, attributes.get("value", ""), kind)
        elif tag == "textarea":
            self._area = (attributes.get("name", ""), [])
            self._attributes = attributes
        elif tag == "select":
            self._select, self._options = attributes.get("name", ""), []
            self._attributes = attributes
        elif tag == "option" and self._select:
            self._options.append((attributes.get("value", ""), "selected" in attributes))

    def handle_data(self, data):
        if self._area is not None:
            self._area[1].append(data)

    def handle_endtag(self, tag):
        if tag == "textarea" and self._area is not None:
            self._add_field(self._attributes, "".join(self._area[1]), "textarea")
            self._area = None
        elif tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected]
            for value in chosen or [value for value, _ in self._options[:1]]:
                self._add_field(self._attributes | {"name": self._select}, value, "radio")
            self._select = ""
        elif tag == "form":
            self._inside = False

    def _add_field(self, attributes, value, kind):
        name, owner = attributes.get("name", ""), attributes.get("form")
        if not name or "disabled" in attributes:
            return
        if owner:
            self._outside.setdefault(owner, []).append(Field(name, value, kind))
        elif self._inside:
            self.forms[-1][1].append(Field(name, value, kind))

    def whole(self) -> Iterator[tuple[dict[str, str], list[Field]]]:
        for attributes, found in self.forms:
            yield attributes, found + self._outside.get(attributes.get("id", ""), [])


def forms_of(text: str, *, page: str, role: str) -> list[PageForm]:
    """The forms that a page posts."""
    reader = _Reader()
    reader.feed(text)
    return [
        PageForm(page, attributes.get("action") or page, tuple(found), role)
        for attributes, found in reader.whole()
        if attributes.get("method", "").lower() == "post"
    ]


def fields_of(page: str, text: str, path: str) -> dict[str, list[str]]:
    """What the form that goes to `path` would send from `page` as it was drawn."""
    forms = forms_of(text, page=page, role="")
    to_path = [one for one in forms if urlsplit(urljoin(page, one.action)).path == path]
    assert to_path, (path, [one.action for one in forms])
    found: dict[str, list[str]] = {}
    for field in to_path[0].fields:
        if field.kind not in BUTTONS:
            found.setdefault(field.name, []).append(field.value)
    return found


def endpoint_of(app: Flask, action: str) -> str:
    """Which view a form is posted to."""
    path = action.partition("?")[0]
    return str(app.url_map.bind("localhost").match(path, method="POST")[0])
