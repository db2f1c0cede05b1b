"""One tree of errors, raised by rules and services; `web/shell/errors.py` turns them into HTTP.

`code` is the stable machine name (the last part of the problem type in the JSON API),
the message is a sentence a person can act on. Nothing here knows HTTP but the status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def N_(text: str) -> str:  # noqa: N802 - gettext's customary mark
    """Mark a sentence for translation where it is written; it is translated where it is shown."""
    return text


class ClinicError(Exception):
    """The root: anything the product refuses or cannot do, said in words for a person."""

    status = 500
    code = "error"
    says = ""
    """The sentence for people when the raiser gives none; marked with `N_` for translation."""
    terms: Mapping[str, tuple[str, str]] = {}
    """What stands in the sentence's places: (vocabulary, code), named in the reader's language."""

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        self.message = message or self.says
        super().__init__(self.message or self.__class__.__name__)
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        """In English, with the codes of its terms: for a log or a command."""
        codes = {name: code for name, (_list, code) in self.terms.items()}
        return super().__str__() % codes if codes else super().__str__()


class NotFound(ClinicError):
    """There is nothing here, or nothing that you may know of."""

    status = 404
    code = "not-found"


class NotAllowed(ClinicError):
    """You are signed in, but this is not yours to do."""

    status = 403
    code = "not-allowed"


class ProofNeeded(NotAllowed):
    """The password (or a passkey) must be shown again first."""

    code = "proof-needed"
    says = N_("Please show that it is you: your password once more.")


class SignInNeeded(ClinicError):
    """Please sign in first."""

    status = 401
    code = "sign-in-needed"


class Conflict(ClinicError):
    """It was changed in the meantime."""

    status = 409
    code = "conflict"


class ChangedElsewhere(Conflict):
    """It is not as it was when the form was drawn."""

    code = "changed-elsewhere"
    says = N_("Somebody else saved this in the meantime.")


class InvalidInput(ClinicError):
    """Something in what was entered needs another look.

    `errors` maps a field path (`partner.email`) to the sentences about it.
    """

    status = 422
    code = "invalid-input"

    def __init__(
        self,
        errors: Mapping[str, Sequence[str]],
        message: str = "",
        *,
        code: str | None = None,
    ) -> None:
        super().__init__(
            message or "; ".join(f"{path}: {said}" for path, said in errors.items()), code=code
        )
        self.message = message
        self.errors: dict[str, list[str]] = {path: list(said) for path, said in errors.items()}


class TooManyRequests(ClinicError):
    """Too many tries; `retry_after` is in whole seconds."""

    status = 429
    code = "too-many-requests"

    def __init__(self, message: str = "", *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ClinicError):
    """Something we depend on does not answer just now."""

    status = 503
    code = "unavailable"
    retry_after: int | None = None
    """For how many seconds it asked to be left alone, when it said so."""
