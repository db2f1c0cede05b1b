"""Reading the forms of a page as a browser does: what each would send when nothing is changed."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

Fields = dict[str, list[str]]


class _Forms(HTMLParser):
    """Collects (path, fields) of every form; buttons are not pressed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self.found: list[tuple[str, Fields]] = []
        self._select: str | None = None
        self._area: str | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            action = urlsplit(urljoin(self._page, given.get("action") or self._page)).path
            self.found.append((action, {}))
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select, self._options = given.get("name"), []
        elif tag == "option":
            self._options.append((given.get("value") or "", "selected" in given))
        elif tag == "textarea":
            self._area = given.get("name")
            self._keep(self._area, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select and self._options:
            chosen = [value for value, selected in self._options if selected]
            for value in chosen or [self._options[0][0]]:
                self._keep(self._select, value)
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area and self.found:
            self.found[-1][1][self._area][-1] += data

    def _input(self, given: dict[str, str | None]) -> None:
        kind = given.get("type") or "text"
        if kind in {"submit", "button", "image", "reset"}:
            return
        if kind in {"checkbox", "radio"} and "checked" not in given:
            return
        self._keep(given.get("name"), given.get("value") or "")

    def _keep(self, name: str | None, value: str) -> None:
        if name and self.found:
            self.found[-1][1].setdefault(name, []).append(value)


def fields_of(page: str, html: str, path: str) -> Fields:
    """What the form that goes to `path` would send from `page` as it was drawn."""
    reading = _Forms(page)
    reading.feed(html)
    found = [fields for action, fields in reading.found if action == path]
    assert found, (path, [action for action, _fields in reading.found])
    return found[0]
