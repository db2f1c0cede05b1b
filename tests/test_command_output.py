from __future__ import annotations

import json

import click
import pytest
from sqlalchemy.exc import OperationalError

from clinic.command_output import one_line, print_text, refuse_in_one_line, show
from clinic.foundation.errors import ClinicError, Conflict, NotFound

pytestmark = pytest.mark.usefixtures("context")


class Cold(ClinicError):
    """It is too cold.

    What else is written here is for programmers.
    """


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotFound("No couple has this code."), "Error: No couple has this code.\n"),
        (Cold(), "Error: It is too cold.\n"),
        (
            OperationalError("SELECT 1", {}, Exception("no such\n  table: clinic")),
            "Error: the database cannot be used: no such table: clinic\n",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_the_status_is_one(error, said, capsys):
    @one_line
    def command():
        raise error

    with pytest.raises(SystemExit) as ended:
        command()

    assert (ended.value.code, *capsys.readouterr()) == (1, "", said)


def test_a_command_that_goes_well_returns_what_it_found():
    @one_line
    def command(number, *, more):
        return number + more

    assert command(1, more=2) == 3


def test_a_mistake_of_ours_keeps_its_stack_trace():
    @one_line
    def command():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        command()


def test_texts_are_printed_with_or_without_a_line_end(capsys):
    print_text("one")
    print_text("two", nl=False)
    print_text("three", err=True)

    assert capsys.readouterr() == ("one\ntwo", "three\n")


def test_rows_are_printed_for_people_a_line_each(capsys):
    show([{"code": "C-0001", "size": 2}, {"code": "C-0002", "size": None}], as_json=False)
    show({"code": "C-0003"}, as_json=False)

    assert capsys.readouterr().out == "C-0001  2\nC-0002  None\nC-0003\n"


def test_rows_are_printed_for_programs_as_json_with_every_letter(capsys):
    show([{"name": "Inês"}], as_json=True)

    printed = capsys.readouterr().out
    assert (json.loads(printed), "Inês" in printed) == ([{"name": "Inês"}], True)


def test_a_setting_that_is_wrong_is_a_line_only_on_the_command_line():
    assert refuse_in_one_line(Conflict("No.")) is None
    with click.Context(click.Command("x")), pytest.raises(click.ClickException) as refused:
        refuse_in_one_line(Conflict("No."))
    assert refused.value.message == "No."
