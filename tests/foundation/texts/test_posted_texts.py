"""No view of a request can write while nobody said that a posted text cannot be kept."""

from __future__ import annotations

import pytest
from flask import request
from hypothesis import given
from hypothesis import strategies as st
from wtforms import HiddenField, StringField

from clinic.foundation.database.transactions import transaction
from clinic.foundation.texts.characters import CANNOT_BE_KEPT
from clinic.foundation.texts.posted_texts import (
    CheckedForm,
    UnkeepableTexts,
    own_replacements,
    refuse_unkeepable_texts,
    replace_in_posted_texts,
)

pytestmark = pytest.mark.one_database


class SomeForm(CheckedForm):
    class Meta:
        csrf = False

    title = StringField("Title")
    key = HiddenField()


def posting(app, path="/desk/anything", **data):
    return app.test_request_context(path, method="POST", data=data)


def test_view_is_given_marks_and_the_first_transaction_refuses(app):
    with posting(app, title="a\x00b", text="fine", password="p\x00"):
        replace_in_posted_texts()

        assert dict(request.form) == {"title": "a�b", "text": "fine", "password": "p\x00"}
        with pytest.raises(UnkeepableTexts) as refused, transaction():
            pytest.fail("it must not come this far")
        assert refused.value.errors == {"title": [CANNOT_BE_KEPT]}
        with transaction():
            pass  # it was said: the page that says so may audit its reading


def test_form_says_so_at_its_field_however_it_is_asked(app):
    with posting(app, title="a\x1bb"):
        replace_in_posted_texts()
        form = SomeForm()

        assert form.errors == {"title": [CANNOT_BE_KEPT]}
        assert (form.validate(), form.title.data) == (False, "a�b")
        assert form.errors == {"title": [CANNOT_BE_KEPT]}
        refuse_unkeepable_texts()


def test_hidden_value_is_refused_above_the_form(app):
    with posting(app, title="fine", key="\x7f"):
        replace_in_posted_texts()
        form = SomeForm()

        assert (form.validate(), form.form_errors) == (False, [CANNOT_BE_KEPT])


@pytest.mark.parametrize("path", ["/api/v1/bookings", "/webhooks/calcom"])
def test_what_programs_send_is_read_elsewhere(app, path):
    with posting(app, path, title="a\x00b"):
        replace_in_posted_texts()

        assert request.form["title"] == "a\x00b"
        refuse_unkeepable_texts()


def test_outside_of_a_request_nothing_is_asked():
    refuse_unkeepable_texts()


def test_reading_is_told_of_while_the_page_that_refuses_the_text_is_made(app):
    with posting(app, title="a\x00b"):
        replace_in_posted_texts()

        with transaction(audits_read=True):
            pass
        with pytest.raises(UnkeepableTexts), transaction():
            pytest.fail("it must not come this far")


ANY_TEXT = st.text(alphabet="a�", max_size=6)


@given(typed=ANY_TEXT, after=ANY_TEXT)
def test_text_with_no_more_marks_than_its_sender_typed_is_never_refused(typed, after):
    sent = [("plan", f"{typed}�"), ("goals", after)]
    first = own_replacements([("plan", typed), ("goals", after)], refused={"plan"}, before={})

    assert first == {"plan": typed.count("�")}
    assert own_replacements(sent, refused=(), before=first) == first
    assert own_replacements([("plan", typed)], refused=(), before=first) == {}
    assert own_replacements([("plan", after), ("plan", "")], refused=(), before=first) == (
        first if after.count("�") > typed.count("�") else {}
    )
