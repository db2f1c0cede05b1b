"""Every command is registered, has a line of help and prints with nothing open."""

from __future__ import annotations

import pytest

from clinic.extensions import db


@pytest.mark.parametrize(
    "command",
    [
        ("appointments", "list"),
        ("audit", "verify"),
        ("couples", "export", "COUPLE"),
        ("instruments", "list"),
        ("keys", "rotate"),
        ("ledger", "COUPLE"),
    ],
)
def test_no_transaction_is_open_while_a_command_prints(app, demo, run, monkeypatch, command):
    """Whoever reads, perhaps in a pager, may take their time."""
    with app.app_context():
        pool = db.engine.pool
    in_use = []
    monkeypatch.setattr(
        "clinic.command_output.click.echo", lambda *_a, **_o: in_use.append(pool.checkedout())
    )

    code, _out, _err = run(*(demo["couples"][0] if one == "COUPLE" else one for one in command))

    assert (code, set(in_use)) == (0, {0})


def test_every_command_has_a_line_of_help(app):
    named = {"demo", "worker", "serve", "appointments", "audit", "outbox"}

    assert named <= set(app.cli.commands)
    assert [name for name in named if not app.cli.commands[name].get_short_help_str()] == []
