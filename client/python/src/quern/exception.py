"""What can go wrong. Every error of the SDK is a :class:`QuernError`; a function's own exception is
raised as itself, with the remote traceback as its cause.
"""

from __future__ import annotations

import builtins
from typing import Any, Dict, Mapping, Optional, Type


class QuernError(Exception):
    """Base of all errors.

    ``message`` says what happened to which thing, ``code`` is the server's kind (``"INTERNAL"``
    and so on), ``details`` holds particulars such as ``request_id``.
    """

    code = "INTERNAL"

    def __init__(
        self,
        message: str = "",
        *,
        details: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: Dict[str, Any] = dict(details or {})

    @property
    def request_id(self) -> Optional[str]:
        """Id of the request in the server's logs, when the server answered."""
        value = self.details.get("request_id")
        return None if value is None else str(value)


Error = QuernError


class InvalidError(QuernError):
    """The request can never succeed as it is: correct it."""

    code = "INVALID"


class NotSupportedError(InvalidError, NotImplementedError):
    """A name of the Modal dialect that this version of Quern does not have."""


class AuthError(QuernError):
    """No valid token came with the request."""

    code = "DENIED"


class NotFoundError(QuernError):
    """The named thing is not there."""

    code = "NOT_FOUND"


class OutputExpiredError(NotFoundError):
    """The call succeeded, but its output is no longer kept."""


class ConflictError(QuernError):
    """Something changed or exists already: read it again and decide."""

    code = "CONFLICT"


class FencedError(ConflictError):
    """A newer owner has taken over: this writer must stop."""

    code = "FENCED"


class ExhaustedError(QuernError):
    """A bound is reached (queue, memory, disk, quota): retry later, or ask for less."""

    code = "EXHAUSTED"

    @property
    def retry_after(self) -> Optional[float]:
        """Seconds after which a retry makes sense, when the server told."""
        return retry_after_seconds(self.details)


ResourceExhaustedError = ExhaustedError


class UnavailableError(QuernError):
    """A part that is needed does not answer at present: retry."""

    code = "UNAVAILABLE"


class ConnectionError(UnavailableError, builtins.ConnectionError):
    """No server answers, or the connection broke."""


class CorruptError(QuernError):
    """Stored bytes do not match their checksum: restore them; a retry will not help."""

    code = "CORRUPT"


class InternalError(QuernError):
    """A defect in Quern: report it with the request id."""


InternalFailure = InternalError


class TimeoutError(QuernError, builtins.TimeoutError):
    """The time given was not enough; the call itself may go on."""

    code = "UNAVAILABLE"


class FunctionTimeoutError(TimeoutError):
    """The function ran longer than its ``timeout`` and was stopped."""


class ExecutionError(QuernError):
    """A function did not return and there is no exception of its own to raise: its process ran out
    of memory, crashed or could not load the code, or the exception cannot be rebuilt here. Also
    raised when a function is called that is not deployed.

    ``details["reason"]`` is ``exception``, ``memory``, ``crash``, ``load`` or ``refused``.
    """


RemoteError = ExecutionError


class InputCancellation(ExecutionError):
    """The call was cancelled."""


_BY_CODE: Dict[str, Type[QuernError]] = {
    "INVALID": InvalidError,
    "DENIED": AuthError,
    "NOT_FOUND": NotFoundError,
    "CONFLICT": ConflictError,
    "FENCED": FencedError,
    "EXHAUSTED": ExhaustedError,
    "UNAVAILABLE": UnavailableError,
    "CORRUPT": CorruptError,
    "INTERNAL": InternalError,
}

_BY_STATUS = {
    401: "DENIED",
    403: "DENIED",
    404: "NOT_FOUND",
    409: "CONFLICT",
    410: "NOT_FOUND",
    412: "CONFLICT",
    429: "EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}


def from_code(
    code: Optional[str], message: str, details: Mapping[str, Any], *, status: int = 500
) -> QuernError:
    """The error of a server's ``{code, message, details}``; an unknown code goes by the status."""
    kind = _BY_CODE.get(code or "")
    return kind(message, details=details) if kind else from_status(status, message, details)


def from_status(status: int, message: str, details: Mapping[str, Any]) -> QuernError:
    """The error of an HTTP status whose body told no code."""
    code = _BY_STATUS.get(status, "INVALID" if status < 500 else "INTERNAL")
    return _BY_CODE[code](message, details=details)


def retry_after_seconds(details: Mapping[str, Any]) -> Optional[float]:
    """Seconds in ``details["retry_after_ms"]``, if there is such a number."""
    value = details.get("retry_after_ms")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return value / 1000
    return None
