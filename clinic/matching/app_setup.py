"""Register the matching package's pages."""

from __future__ import annotations

from flask import Flask

from clinic.matching.pages.views import matching


def init_app(app: Flask) -> None:
    """Register the blueprint."""
    app.register_blueprint(matching)
