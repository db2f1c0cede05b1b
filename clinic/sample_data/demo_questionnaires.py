"""The demo clinic's shelf of instruments, and what the demo couple answered.

Our own three ratings, and a scale that is made up from its items to its norms: it shows what a
line and a band look like, and nothing else. No published questionnaire is in the product.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from importlib.resources import files
from typing import Any

from clinic.foundation.permissions.actors import Actor
from clinic.notes.between_sessions.questionnaires import EnteredResponse, add_measure
from clinic.practice.instruments.service import add_instrument, list_instruments

MADE_UP = "Made up for this demo"
CLOSENESS: dict[str, Any] = {
    "format": "instrument/1",
    "code": "demo_closeness",
    "version": "1",
    "language": "en",
    "name": "Closeness at home (made up)",
    "licence": f"{MADE_UP}; not for use with people.",
    "source": f"{MADE_UP}.",
    "items": [
        {"code": code, "text": text, "lowest": 0, "highest": 6}
        for code, text in (
            ("time", "We had time for each other this week."),
            ("told", "I told my partner something that mattered to me."),
            ("heard", "I felt heard."),
            ("glad", "I was glad to come home."),
        )
    ],
    "scales": [
        {
            "code": "total",
            "name": "Total",
            "items": ["time", "told", "heard", "glad"],
            "method": "sum",
            "most_missing": 1,
            "better": "higher",
            "cut_offs": [
                {
                    "value": 12,
                    "direction": "below",
                    "meaning": "worth talking about",
                    "source": MADE_UP,
                }
            ],
            "change": {"amount": 4, "norm_source": MADE_UP},
        }
    ],
}
TOTALS = {"A": {0: 8, 3: 14, 5: 10, 7: 16}, "B": {0: 11, 3: 13, 5: 12, 7: 15}}
"""What each answered at which session, counted from 0."""


def add_demo_instruments(*, actor: Actor, now: datetime) -> None:
    """Add our own ratings in both languages and the made-up scale to the instruments."""
    folder = files("clinic.practice.instruments").joinpath("shipped")
    for name in ("own_ratings.en.json", "own_ratings.pt.json"):
        add_instrument(folder.joinpath(name).read_text("utf-8"), actor=actor, now=now)
    add_instrument(json.dumps(CLOSENESS), actor=actor, now=now)


def answer_demo_measures(code: str, held: Sequence[datetime], *, actor: Actor) -> None:
    """Enter what the couple answered at the ends of the sessions that were held."""
    shelf = list_instruments(actor.clinic_id)
    one = next(one for one in shelf if one.instrument.code == CLOSENESS["code"])
    for partner, totals in TOTALS.items():
        for place, total in totals.items():
            if place < len(held):
                told = EnteredResponse(
                    partner=partner,
                    instrument_id=one.id,
                    taken_on=held[place].date(),
                    totals={"total": Fraction(total)},
                )
                add_measure(code, told, actor=actor, now=held[place])
