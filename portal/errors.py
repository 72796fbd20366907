"""The failures a caller is expected to meet. Any module raises them; `web` renders them.

Fields are those of the wire's error object: `type`, `code`, `param`, `message` and the HTTP status.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class PortalError(Exception):
    """An expected failure with everything its answer needs."""

    status = 400
    type = "invalid_request_error"
    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


@contextmanager
def params_within(hash: str) -> Iterator[None]:
    """Errors raised within name their parameter inside of this hash: `items[0][price]` for `price`."""
    try:
        yield
    except PortalError as error:
        first, bracket, rest = (error.param or "").partition("[")
        error.param = f"{hash}[{first}]{bracket}{rest}" if first else hash
        raise


class InvalidRequest(PortalError):
    """The request is wrong. Sending it again unchanged fails again."""


class MissingParameter(InvalidRequest):
    """A parameter that this request needs was not sent; `why` says what it goes with."""

    code = "parameter_missing"

    def __init__(self, param: str, *, why: str | None = None) -> None:
        super().__init__(f"Missing required param: {param}{f' ({why})' if why else ''}.", param=param)


class ResourceMissing(PortalError):
    """No such object within the caller's account and mode."""

    status = 404
    code = "resource_missing"

    def __init__(self, noun: str, id: str, *, param: str | None = "id") -> None:
        super().__init__(f"No such {noun}: '{id}'", param=param)


class NotAuthenticated(PortalError):
    """No API key, a malformed one, or one that is unknown or revoked."""

    status = 401


class CardError(PortalError):
    """A payment was requested that this installation has no means to collect."""

    status = 402
    type = "card_error"


class Conflict(PortalError):
    """Another request holds or has changed what this one needs; trying again may help."""

    status = 409
    code = "lock_timeout"


class IdempotencyMismatch(PortalError):
    """An idempotency key was used again with another request."""

    type = "idempotency_error"


class TooManyRequests(PortalError):
    """More requests at once than are let through; nothing was changed, and trying again in a second helps."""

    status = 429
    code = "rate_limit"


class StalePage(PortalError):
    """The customer submitted a page whose content is out of date."""

    status = 409


class Unavailable(PortalError):
    """A part needed for the answer (database, renderer) is not available at the moment."""

    status = 503
    type = "api_error"
