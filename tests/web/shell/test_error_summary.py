"""What stands above a form that needs another look."""

from __future__ import annotations

from wtforms import Form, HiddenField, IntegerField, StringField

from clinic.web.shell.error_summary import error_lines


class Sent(Form):
    key = HiddenField("Key")
    name = StringField("Name")
    short_name = StringField("Short name")
    email = StringField("E-mail")
    minutes = IntegerField("Length, in minutes")
    days = IntegerField("Days ahead")


def lines(form_errors=(), **errors):
    form = Sent()
    for name, said in errors.items():
        form[name].errors = said
    form.form_errors = list(form_errors)
    return list(error_lines(form))


def test_each_line_leads_to_its_field_in_the_order_of_the_form():
    assert lines(email=["This is no address."], name=["Please write a name.", "Too odd."]) == [
        ("name", "Please write a name."),
        ("name", "Too odd."),
        ("email", "This is no address."),
    ]


def test_what_is_said_of_several_fields_names_each_of_them():
    assert lines(name=["Please write a name."], short_name=["Please write a name."]) == [
        ("name", "Name: Please write a name."),
        ("short_name", "Short name: Please write a name."),
    ]


def test_sentences_that_differ_only_by_their_numbers_name_their_fields():
    assert lines(minutes=["A number from 5 to 480."], days=["A number from 1 to 730."]) == [
        ("minutes", "Length, in minutes: A number from 5 to 480."),
        ("days", "Days ahead: A number from 1 to 730."),
    ]


def test_what_is_about_no_field_that_is_seen_leads_nowhere():
    assert lines(key=["Sent twice."], form_errors=["It was changed in the meantime."]) == [
        ("", "Sent twice."),
        ("", "It was changed in the meantime."),
    ]
