"""What every command does alike: print, and say what is wrong in one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click
from sqlalchemy.exc import DBAPIError

from clinic.foundation.database.waiting import end_read_before_waiting
from clinic.foundation.errors import ClinicError

P = ParamSpec("P")


def one_line(command: Callable[P, Any]) -> Callable[P, Any]:
    """Print what is wrong in one line and end with status 1, instead of a stack trace."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return command(*args, **kwargs)
        except ClinicError as error:
            print_text(f"Error: {_message_of(error)}", err=True)
        except DBAPIError as error:
            said = " ".join(str(error.orig).split())  # drivers write several lines
            click.echo(f"Error: the database cannot be used: {said}", err=True)
        sys.exit(1)

    return guarded


def _message_of(error: ClinicError) -> str:
    """What was said, or what errors of its kind mean."""
    said = str(error)
    if said != type(error).__name__:
        return said
    return (type(error).__doc__ or said).splitlines()[0]


def print_text(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text with no transaction open: the reader, perhaps a pager, may take its time."""
    end_read_before_waiting()
    click.echo(text, err=err, nl=nl)


def refuse_in_one_line(error: ClinicError) -> None:
    """On the command line, what is wrong with a setting is a line too, and no stack trace."""
    if click.get_current_context(silent=True) is not None:
        raise click.ClickException(str(error)) from error


def show(found: Any, *, as_json: bool) -> None:
    """Print for a program, or for a person."""
    if as_json:
        print_text(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for row in found if isinstance(found, list) else [found]:
        print_text("  ".join(str(value) for value in row.values()))
