"""The catalogue is whole, and the public pages, from door to farewell, are in Portuguese."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from clinic.foundation.permissions.actors import Role
from clinic.foundation.texts.localized_dates import place_of
from clinic.web.shell.request_context import LANGUAGE_NAMES
from tests.support.accounts.sign_in import signed_in
from tests.support.factories import NOW, make_account, make_appointment, make_practice
from tests.support.paths import ROOT

pytestmark = pytest.mark.one_database  # words are the same on every database

FOLDER = ROOT / "clinic" / "translations"
PORTUGUESE = FOLDER / "pt" / "LC_MESSAGES"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
ENGLISH = re.compile(
    r"\b(the|your|you|with|from|this|that|and|is|are|please|nothing)\b", re.IGNORECASE
)
READ_ALOUD = {"aria-label", "title", "placeholder", "alt"}
NOT_WORDS = {"script", "style", "code"}
OWN_NAMES = set(LANGUAGE_NAMES.values())
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def texts(found: Catalog) -> list[Message]:
    return [message for message in found if message.id]


def forms(one: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (one,) if isinstance(one, str) else tuple(one or ())


@pytest.fixture(scope="module")
def portuguese() -> Catalog:
    return catalogue(PORTUGUESE / "messages.po")


def test_every_text_of_the_product_is_in_the_catalogue_and_no_other(tmp_path, portuguese):
    recipe = re.search(r"pybabel -q (extract .*?) -o", MAKEFILE.replace("\\\n", " "), re.DOTALL)
    assert recipe is not None
    fresh = tmp_path / "messages.pot"
    arguments = recipe[1].replace("clinic/translations/babel.cfg", str(FOLDER / "babel.cfg"))
    CommandLineInterface().run(["pybabel", "-q", *arguments.split(), "-o", str(fresh), str(ROOT)])

    wanted = {message.id for message in texts(catalogue(fresh))}

    assert {m.id for m in texts(catalogue(FOLDER / "messages.pot"))} == wanted, "make texts"
    assert {m.id for m in texts(portuguese)} == wanted, "make texts"


def test_every_text_is_translated_and_none_is_a_guess(portuguese):
    missing = [m.id for m in texts(portuguese) if not all(forms(m.string)) or not m.string]
    guesses = [m.id for m in texts(portuguese) if m.fuzzy]

    assert (missing, guesses) == ([], [])


def test_a_translation_keeps_the_places_of_its_text(portuguese):
    lost = [
        (message.id, message.string)
        for message in texts(portuguese)
        for text, translated in zip(forms(message.id), forms(message.string), strict=True)
        if sorted(PLACEHOLDER.findall(translated)) != sorted(PLACEHOLDER.findall(text))
    ]

    assert lost == []


def test_what_is_served_is_compiled_from_the_catalogue(portuguese):
    fresh = io.BytesIO()
    write_mo(fresh, portuguese)

    def served(content: bytes) -> dict[Any, Any]:
        return {forms(one.id): forms(one.string) for one in texts(read_mo(io.BytesIO(content)))}

    assert served((PORTUGUESE / "messages.mo").read_bytes()) == served(fresh.getvalue())


def test_numbers_take_their_form(context):
    with force_locale("pt_PT"):
        said = [ngettext("%(num)s minute", "%(num)s minutes", number) for number in (0, 1, 2)]

    assert said == ["0 minutos", "1 minuto", "2 minutos"]


def test_places_are_named_in_the_readers_language(context):
    zones = ["Europe/Lisbon", "America/New_York", "America/Argentina/Buenos_Aires", "UTC"]
    with force_locale("pt_PT"):
        portuguese = [place_of(zone) for zone in zones]
    with force_locale("en_GB"):
        english = [place_of(zone) for zone in zones]

    assert portuguese == ["Lisboa", "Nova Iorque", "Buenos Aires", "UTC"]
    assert english == ["Lisbon", "New York", "Buenos Aires", "UTC"]


class Reading(HTMLParser):
    """What a page says: its words and the attributes that are shown or read aloud.

    What is marked as English on purpose (the other language of a term) is passed over.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        silent = self._is_silent or tag in NOT_WORDS or dict(attrs).get("lang") == "en"
        if tag not in VOID:
            self._open.append((tag, silent))
        if silent:
            return
        self.said += [value for name, value in attrs if name in READ_ALOUD and value]
        self.said += [value for name, value in attrs if name.startswith("data-confirm") and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in {one for one, _silent in self._open}:
            while self._open.pop()[0] != tag:
                pass

    @property
    def _is_silent(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def handle_data(self, data: str) -> None:
        if not self._is_silent and data.strip():
            self.said.append(" ".join(data.split()))


def said_by(page: str) -> list[str]:
    reading = Reading()
    reading.feed(page)
    return reading.said


def english_in(page: str, known: set[str]) -> list[str]:
    """Sentences of the catalogue that stand there untranslated, and what else looks English."""
    return [one for one in said_by(page) if one in known or ENGLISH.search(one)]


@pytest.fixture(scope="module")
def untranslated(portuguese: Catalog) -> set[str]:
    """English texts that may not stand on a Portuguese page.

    `Data` may: it is also a date; and where a language is chosen it goes by its own name.
    """
    written = {one for message in texts(portuguese) for one in forms(message.string)}
    return {m.id for m in texts(portuguese) if isinstance(m.id, str)} - written - OWN_NAMES


class Visitor:
    """A Portuguese browser that goes through the booking, and keeps what it was shown."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()
        self.pages: dict[str, tuple[int, str]] = {}
        self.at = ""

    def look(self, name: str, path: str) -> str:
        response = self.client.get(path, headers=READS, follow_redirects=True)
        return self._keep(name, response)

    def send(self, name: str, path: str, /, **changes: str) -> str:
        page = self.pages[self.at][1]
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        for tag in re.findall(r'<input[^>]*type="hidden"[^>]*>', page):
            pair = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
            if pair[0]:
                hidden[pair[0][1]] = pair[1][1] if pair[1] else ""
        response = self.client.post(
            path, data=hidden | changes, headers=READS, follow_redirects=True
        )
        return self._keep(name, response)

    def _keep(self, name: str, response: Any) -> str:
        self.at, self.pages[name] = name, (response.status_code, response.text)
        return str(response.request.path)

    def last_time(self) -> str:
        """Friday afternoon: late enough to be moved and cancelled by oneself."""
        return re.findall(r'name="start" value="([^"]+)"', self.pages[self.at][1])[-1]


READS = {"Accept-Language": "pt-PT,pt;q=0.9"}
ALEX = {"name": "Alex Example", "email": "alex@example.org", "language": "pt", "format": "online"}


@pytest.fixture
def visited(app: Flask) -> dict[str, tuple[int, str]]:
    """Every public page and most refusals, as a reader of Portuguese sees them."""
    with app.app_context():
        make_practice()
    one, other = Visitor(app), Visitor(app)
    one.look("home", "/")
    one.look("privacy", "/privacy")
    one.look("needs", "/book")
    one.send("too many needs", "/book", needs="made-up")
    one.look("therapists", "/book/therapists")
    other.look("times", "/book/times")
    one.look("times", "/book/times")
    start = one.last_time()
    one.send("details", "/book/hold", start=start)
    other.send("taken", "/book/hold", start=start)
    one.send("not yet", "/book/details", **(ALEX | {"email": "nowhere"}))
    done = one.send("done", "/book/details", **ALEX, privacy_accepted="y")
    _walk_the_link(one, done.removesuffix("/booked"))
    one.look("nothing here", "/nowhere")
    one.look("sign in", "/login")
    one.send("not signed in", "/login", email="a@example.org", password="of no account")
    other.send("given back", "/book/details")
    other.send("out of date", "/book/hold", csrf_token="old")
    return one.pages | {f"other: {name}": page for name, page in other.pages.items()}


def _walk_the_link(one: Visitor, link: str) -> None:
    one.look("manage", link)
    one.look("move", f"{link}/move")
    one.send("moved", f"{link}/move", start=one.last_time())
    one.look("cancel", f"{link}/cancel")
    one.send("cancelled", f"{link}/cancel", reason="")


def test_public_pages_say_nothing_in_english(visited, untranslated):
    found = {name: english_in(page, untranslated) for name, (_status, page) in visited.items()}

    assert {name: said for name, said in found.items() if said} == {}


def test_the_walk_met_each_page_it_names(visited):
    assert {name: status for name, (status, _page) in visited.items() if status != 200} == {
        "too many needs": 422,
        "not yet": 422,
        "nothing here": 404,
        "not signed in": 422,
        "other: taken": 409,
        "other: given back": 409,
        "other: out of date": 400,
    }


def test_days_are_written_as_portuguese_writes_them(visited):
    _status, page = visited["home"]

    assert "segunda-feira, 23 de novembro," in " ".join(said_by(page))
    assert '<html lang="pt-PT"' in page


def test_a_refusal_of_a_field_is_said_in_portuguese(visited):
    _status, page = visited["not yet"]

    assert "Isto não parece um endereço de e-mail." in page


def test_a_sentence_without_translation_is_noticed(context, untranslated):
    with force_locale("pt_PT"):
        good = f"<p>{_('Your time is booked')}</p>"

    assert english_in(good, untranslated) == []
    assert english_in("<p>Your time is booked</p>", untranslated) == ["Your time is booked"]
    assert english_in('<a aria-label="Steps">1</a>', untranslated) == ["Steps"]


def test_only_what_is_marked_as_english_may_be_english(untranslated):
    page = '<p lang="en">Your <b>time</b> is booked<br></p><input lang="en" title="Steps"><p>{}</p>'

    assert english_in(page.format("Marcado"), untranslated) == []
    assert english_in(page.format("Steps"), untranslated) == ["Steps"]


def test_desk_pages_say_nothing_in_english(app, untranslated):
    """Every page that links lead an administrator who also sees clients to."""
    with app.app_context():
        practice = make_practice(needs_confirmation=True)
        make_appointment(practice, NOW + timedelta(hours=2), concerns=("feel_safe",))
        roles = [Role.ADMIN, Role.FRONT_DESK, Role.THERAPIST]
        make_account(
            practice.clinic, therapist_id=practice.therapist.id, language="pt", roles=roles
        )
    client, found, waiting, seen = signed_in(app), {}, ["/desk"], {"/desk"}
    while waiting:
        path = waiting.pop()
        page = client.get(path, headers=READS, follow_redirects=True).text
        if said := english_in(page, untranslated):
            found[path] = said
        links = {link.partition("#")[0] for link in re.findall(r'href="(/desk[^"?]*)', page)}
        waiting += sorted(links - seen)
        seen |= links

    assert found == {}
    assert len(seen) > 15
