"""Register the practice package's pages."""

from __future__ import annotations

from flask import Flask

from clinic.practice.instruments.views import instruments
from clinic.practice.pages.views import practice
from clinic.practice.vocabularies.views import vocabularies


def init_app(app: Flask) -> None:
    """Register the blueprints."""
    for blueprint in (practice, vocabularies, instruments):
        app.register_blueprint(blueprint)
