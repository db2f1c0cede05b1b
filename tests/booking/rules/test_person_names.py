"""Names in all their shapes pass; links and addresses in a name's place do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.booking.rules.person_names import has_link

NAMES = [
    "Zoë",
    "李",
    "Müller-Lüdenscheidt",
    "O'Neill-D’Arcy Jr.",
    "J.R.R. Tolkien",
    "Dr.Müller",
    "dr.maria da silva",
    "Prof. Dr. h.c. Ana de Sousa e Holstein Beck",
    "St.John Smythe",
    "Maria João dos Santos",
    "Ravi s/o Kumar",
    "Alex/Sasha",
    "Jennifer 8. Lee",
    "John 3rd",
    "Anna & Tom",
    "محمد بن سلمان",
    "यश शर्मा",
    "นายสมชาย ใจดี",
    "ǃXóõ Nǀuu",
    "'t Hooft",
    "William (Bill) Gates",
    "S:t Clair",
    "María de los Ángeles",
    "Nguyễn Thị Minh Khai",
    "Sr. D. Pedro",
    "E.Costa",
]
LINKS = [
    "WIN https://evil.example/x now",
    "HTTP://EVIL.EXAMPLE",
    "www.evil.example",
    "WWW2.evil.example",
    "see evil.example",
    "evil.example/x",
    "evil-shop.co.uk",
    "ｅｖｉｌ．example",
    "mailto:x@evil.example",
    "x@evil",
    "ftp:/evil",
    r"\\evil\share",
    "пример.рф",
]


@pytest.mark.parametrize("name", NAMES)
def test_name_is_no_link(name):
    assert has_link(name) is False


@pytest.mark.parametrize("name", LINKS)
def test_link_in_the_place_of_a_name_is_found(name):
    assert has_link(name) is True


LETTERS = st.text(st.characters(categories=["Lu", "Ll", "Lt", "Lo", "Mn", "Mc"]), min_size=1)
BETWEEN = st.sampled_from([" ", "-", "'", "’", ". ", ", ", " de ", " e ", " & ", " / "])


@given(st.lists(st.tuples(LETTERS, BETWEEN), min_size=1, max_size=8))
def test_words_of_any_script_joined_as_names_are_no_link(parts):
    assert has_link("".join(word + between for word, between in parts)) is False


@given(st.text(), st.sampled_from(LINKS[:7]), st.text())
def test_link_is_found_with_words_around_it(before, link, after):
    assert has_link(f"{before} {link} {after}") is True
