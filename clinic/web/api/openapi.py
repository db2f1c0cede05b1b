"""flask-smorest bound to the house: our errors, our parser, and an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Response
from flask_smorest import Api, Blueprint

from clinic.accounts.browser.route_guard import public
from clinic.web.api.json_bodies import JsonParser
from clinic.web.api.problem_schemas import ConflictProblem, InputProblem
from clinic.web.api.problem_schemas import Problem as AnyProblem
from clinic.web.shell.errors import PROBLEM

P = ParamSpec("P")
R = TypeVar("R")

PREFIX = "/api/v1"
ABOUT = (
    "Book, look at, move and cancel an appointment. Instants are RFC 3339; in answers they are "
    "in UTC. Unknown members of a request are not read. Every error is a problem document "
    "(RFC 9457). A token of a booking opens this one appointment: treat it as a password. "
    "What is below /couples is for staff, with the session of their browser."
)
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
PROBLEMS: dict[int, tuple[str, str, type[AnyProblem]]] = {
    400: ("Unreadable", "The body is not JSON", AnyProblem),
    401: ("SignInNeeded", "Only with the session of a staff account", AnyProblem),
    403: ("NotAllowed", "This account may not", AnyProblem),
    404: ("NotFound", "There is no such thing, or not any more", AnyProblem),
    409: ("Conflict", "It was changed or taken in the meantime", ConflictProblem),
    413: ("TooLarge", "The body is too large", AnyProblem),
    415: ("NotJson", "The body is not announced as JSON", AnyProblem),
    422: ("InvalidInput", "Something in the request needs another look", InputProblem),
    429: ("TooManyRequests", "Too many requests", AnyProblem),
    503: ("Unavailable", "The service cannot answer just now", AnyProblem),
}


class BookingApi(Api):
    """The API's document. Errors are answered by `clinic/web/shell/errors.py`, for all alike."""

    def _register_error_handlers(self) -> None:
        """None of its own."""

    def _register_responses(self) -> None:
        for name, description, schema in PROBLEMS.values():
            response: dict[str, Any] = {
                "description": description,
                "content": {PROBLEM: {"schema": schema}},
            }
            if name == "TooManyRequests":
                response["headers"] = {"Retry-After": RETRY_AFTER}
            self.spec.components.response(name, response, lazy=True)

    @public
    def _openapi_json(self) -> Response:
        found: Response = super()._openapi_json()
        return found


class ApiBlueprint(Blueprint):
    """A blueprint whose views say which problems they answer with."""

    ARGUMENTS_PARSER = JsonParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_problems)

    def describes(
        self, operation: str, *, refuses: tuple[int, ...]
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Name the operation and the statuses it may refuse with."""

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
                return view(*args, **kwargs)

            known = deepcopy(getattr(wrapper, "_apidoc", {}))
            known["house"] = {"operation": operation, "refuses": refuses}
            vars(wrapper)["_apidoc"] = known
            return wrapper

        return decorate

    @staticmethod
    def _prepare_problems(
        doc: dict[str, Any], doc_info: dict[str, Any], **_others: Any
    ) -> dict[str, Any]:
        house = doc_info["house"]
        responses = doc.setdefault("responses", {})
        responses.pop("default", None)
        for status in house["refuses"]:
            responses[status] = PROBLEMS[status][0]
        doc["operationId"] = house["operation"]
        return doc


def make_api() -> BookingApi:
    """The document, not yet bound to an app."""
    return BookingApi(
        spec_kwargs={
            "title": "Booking at the clinic",
            "version": "1",
            "openapi_version": "3.1.0",
            "info": {"description": ABOUT},
        }
    )
