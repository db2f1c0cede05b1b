"""Every route says who may use it, here; a route that says nothing is refused.

`@public` and `@requires(Permission.X)` mark the view; `guard_request` (bound in `app.py`)
enforces the mark before the view runs, and the architecture test refuses a route without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, g, request
from flask_login import current_user

from clinic.foundation.errors import ClinicError, NotFound
from clinic.foundation.permissions.actors import Actor, Role
from clinic.foundation.permissions.permission_names import Permission
from clinic.foundation.permissions.who_may_do_what import require

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
MARK = "clinic_permission"


class UndeclaredRoute(ClinicError):
    """This route does not say who may use it."""

    code = "undeclared-route"


def public(view: View) -> View:
    """Anybody may use this view (the service still asks for what it needs)."""
    setattr(view, MARK, PUBLIC)
    return view


def requires(permission: Permission) -> Callable[[View], View]:
    """Only actors with this permission, whatever the subject, get as far as the view."""

    def mark(view: View) -> View:
        setattr(view, MARK, permission)
        return view

    return mark


def declared(endpoint: str) -> str | Permission | None:
    """What a route declared: `PUBLIC`, a permission, or None."""
    view = current_app.view_functions.get(endpoint)
    mark = getattr(view, MARK, None) or getattr(getattr(view, "view_class", None), MARK, None)
    found: str | Permission | None = mark
    return found


def guard_request() -> None:
    """Enforce the declaration of the requested route (a `before_request`)."""
    if request.endpoint is None:
        return  # no such page: the router answers 404 or 405
    if request.endpoint == "static":
        return
    permission = declared(request.endpoint)
    if permission is None:
        raise UndeclaredRoute
    if isinstance(permission, Permission):
        require(current_actor(), permission)


def current_actor() -> Actor:
    """Who is asking in this request."""
    clinic_id = g.get("clinic_id")
    if clinic_id is None:
        raise NotFound
    if not current_user.is_authenticated:
        return Actor(clinic_id=clinic_id)
    return Actor(
        clinic_id=current_user.clinic_id,
        name=f"account:{current_user.id}",
        account_id=current_user.id,
        roles=frozenset(Role(name) for name in current_user.role_names),
        therapist_id=current_user.therapist_id,
    )
