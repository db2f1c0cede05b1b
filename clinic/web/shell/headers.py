"""What every answer carries: a strict content security policy, and nothing kept that is private."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_login import current_user

from clinic.config import current_settings

HSTS = "max-age=31536000; includeSubDomains"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; manifest-src 'self'; "
)


def init_headers(app: Flask) -> None:
    """Add the headers to every answer of this app."""
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    """Set the security headers; forbid keeping anything but static files and feeds."""
    settings = current_settings()
    ancestors = "'none'"
    if request.path.startswith("/embed/") and settings.frame_ancestors:
        ancestors = " ".join(settings.frame_ancestors)
    headers = response.headers
    headers.setdefault("Content-Security-Policy", f"{POLICY}frame-ancestors {ancestors}")
    headers["X-Content-Type-Options"] = "nosniff"
    # To other sites nothing; to our own what the check of forms over HTTPS needs.
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), interest-cohort=()"
    if settings.base_url.startswith("https://"):
        headers["Strict-Transport-Security"] = HSTS
    if request.endpoint != "static" and "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    if _is_private():
        headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _is_private() -> bool:
    return request.path.startswith(("/a/", "/desk", "/calendar/", "/password/", "/portal")) or bool(
        current_user and current_user.is_authenticated
    )
