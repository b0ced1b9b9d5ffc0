"""Requests with retries and errors, above the transport."""

from __future__ import annotations

import json as jsonlib
import os
import random
import threading
import time
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
)
from urllib.parse import quote, urlencode

from . import exception
from ._config import Settings, resolve
from ._transport import Request, Response, Transport, TransportError, open_transport
from ._version import VERSION

if TYPE_CHECKING:
    from .storage import Storage

ALWAYS = "always"
"""Retry: doing it twice is the same as doing it once."""
IF_NOT_ADMITTED = "if_not_admitted"
"""Retry only after EXHAUSTED, which says that nothing was admitted."""
NEVER = "never"
"""The body can be sent only once."""

_FIRST_WAIT_SECONDS = 0.2
_WAIT_SECONDS_MAX = 30.0
_ERROR_BYTES_MAX = 1 << 20


class Body(NamedTuple):
    """What to send. ``make`` gives the bytes anew for each attempt; ``length`` in bytes, ``None``
    when unknown.
    """

    content_type: str
    make: Callable[[], Iterable[bytes]]
    length: Optional[int]


class Client:
    """A connection to one server; safe for use by many threads.

    ``url`` and ``token`` default to ``QUERN_URL``, ``QUERN_TOKEN`` and ``~/.quern/admin.token``;
    ``timeout`` is in seconds for requests that do not wait for work, default 60;
    ``max_attempts`` bounds how often one request is sent, default 5.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 60.0,
        max_attempts: int = 5,
        transport: Optional[Transport] = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = resolve(url, token)
        self._timeout = timeout
        self._max_attempts = max(1, max_attempts)
        self._transport = transport or open_transport(self._settings.url)
        self._sleep = sleep

    @classmethod
    def from_env(cls) -> Client:
        """The client that is used where none is given; one for each address and token."""
        return _shared()

    @property
    def url(self) -> str:
        """The server's address."""
        return self._settings.url

    @property
    def settings(self) -> Settings:
        """Address and token."""
        return self._settings

    @property
    def storage(self) -> Storage:
        """The whole store, for its operator."""
        from .storage import Storage

        return Storage(self)

    def close(self) -> None:
        """Drops idle connections; the client can still be used."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def json(self, method: str, path: str, payload: Any = None, **options: Any) -> Any:
        """Sends ``payload`` as JSON and returns the answer's JSON, ``None`` for an empty answer.
        Options as in :meth:`open`.
        """
        if payload is not None:
            options["body"] = json_body(payload)
        with self.open(method, path, **options) as response:
            data = self._read(response, f"{method} {path}")
        return jsonlib.loads(data) if data.strip() else None

    def lines(self, method: str, path: str, **options: Any) -> Iterator[Any]:
        """The values of an NDJSON answer as they arrive. Options as in :meth:`open`."""
        with self.open(method, path, **options) as response:
            lines = response.lines()
            while True:
                try:
                    line = next(lines, None)
                except TransportError as e:
                    raise self._broken(f"{method} {path}", e) from e
                if line is None:
                    return
                yield jsonlib.loads(line)

    def open(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Optional[Body] = None,
        headers: Optional[Mapping[str, str]] = None,
        retry: Optional[str] = None,
        waits: bool = False,
        seconds: Optional[float] = None,
    ) -> Response:
        """Sends and returns the answer with its body unread; errors are raised.

        ``path`` is encoded already; ``query`` values of ``None`` are left out. ``retry`` defaults
        to ``ALWAYS`` for GET, HEAD, PUT and DELETE, else ``IF_NOT_ADMITTED``. ``waits``: the
        answer comes when work is done, so no timeout applies. ``seconds``: another timeout.
        """
        if retry is None:
            retry = ALWAYS if method in ("GET", "HEAD", "PUT", "DELETE") else IF_NOT_ADMITTED
        url = self.url + path + query_string(query)
        request_id = os.urandom(16).hex()
        attempt = 1
        while True:
            request = Request(
                method,
                url,
                self._headers(body, headers, request_id),
                None if body is None else _content(body),
                None if waits else seconds or self._timeout,
            )
            try:
                return self._send(request, f"{method} {path}")
            except exception.QuernError as e:
                if attempt >= self._max_attempts or not _may_retry(retry, e):
                    raise
                self._sleep(_wait_seconds(attempt, e))
                attempt += 1

    def _send(self, request: Request, what: str) -> Response:
        try:
            response = self._transport.send(request)
        except TransportError as e:
            raise self._broken(what, e) from e
        if response.status < 400:
            return response
        with response:
            raise _error(response)

    def _read(self, response: Response, what: str) -> bytes:
        try:
            return response.read()
        except TransportError as e:
            raise self._broken(what, e) from e

    def _broken(self, what: str, cause: TransportError) -> exception.QuernError:
        if cause.refused:
            return exception.ConnectionError(
                f"no server answers at {self.url} ({cause}): start one with `quern serve`, "
                "or set QUERN_URL",
                details={"connection_refused": True},
            )
        return exception.ConnectionError(f"{what} at {self.url} broke off: {cause}")

    def _headers(
        self, body: Optional[Body], more: Optional[Mapping[str, str]], request_id: str
    ) -> List[Any]:
        headers = [
            ("authorization", f"Bearer {self._settings.token}"),
            ("user-agent", f"quern-python/{VERSION}"),
            ("accept-encoding", "identity"),
            ("x-request-id", request_id),
        ]
        if body is not None:
            headers.append(("content-type", body.content_type))
            if body.length is not None:
                headers.append(("content-length", str(body.length)))
        headers.extend((more or {}).items())
        return headers


def json_body(payload: Any) -> Body:
    """A value as JSON. Raises ``InvalidError`` for NaN, infinity and what JSON cannot hold."""
    try:
        data = jsonlib.dumps(payload, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as e:
        raise exception.InvalidError(f"value cannot be written as JSON: {e}") from e
    return bytes_body(data, "application/json")


def bytes_body(data: bytes, content_type: str = "application/octet-stream") -> Body:
    """Bytes in memory."""
    return Body(content_type, lambda: (data,), len(data))


def segment(name: str) -> str:
    """One part of a path, encoded, its slashes too."""
    return quote(name, safe="")


def query_string(query: Optional[Mapping[str, Any]]) -> str:
    """``?a=1&b=true``, or nothing."""
    pairs = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in (query or {}).items()
        if value is not None
    }
    return f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""


def _content(body: Body) -> Any:
    made = body.make()
    return made[0] if isinstance(made, tuple) and len(made) == 1 else made


def _may_retry(retry: str, failure: exception.QuernError) -> bool:
    if retry == NEVER:
        return False
    if isinstance(failure, exception.ExhaustedError):
        return True
    return (
        retry == ALWAYS
        and isinstance(failure, exception.UnavailableError)
        and not failure.details.get("connection_refused")
    )


def _wait_seconds(attempt: int, failure: exception.QuernError) -> float:
    ceiling = min(_WAIT_SECONDS_MAX, _FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
    asked = exception.retry_after_seconds(failure.details) or 0.0
    return min(_WAIT_SECONDS_MAX, max(random.uniform(ceiling / 2, ceiling), asked))


def _error(response: Response) -> exception.QuernError:
    try:
        text = response.read(_ERROR_BYTES_MAX)
    except TransportError:
        text = b""
    details: Dict[str, Any] = {}
    if "x-request-id" in response.headers:
        details["request_id"] = response.headers["x-request-id"]
    if response.headers.get("retry-after", "").isdigit():
        details["retry_after_ms"] = int(response.headers["retry-after"]) * 1000
    try:
        body = jsonlib.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return exception.from_status(
            response.status, str(body["error"].get("message", "")), details
        )
    if isinstance(body, dict) and "message" in body:
        details.update(body.get("details") or {})
        return exception.from_code(
            body.get("code"), str(body["message"]), details, status=response.status
        )
    shown = text[:200].decode("utf-8", "replace").strip()
    message = f"server answered {response.status}" + (f": {shown}" if shown else "")
    return exception.from_status(response.status, message, details)


_shared_lock = threading.Lock()
_shared_clients: Dict[Any, Client] = {}


def _shared() -> Client:
    names = ("QUERN_URL", "QUERN_TOKEN", "HOME")
    key = (os.getpid(), *(os.environ.get(name) for name in names))
    with _shared_lock:
        client = _shared_clients.get(key)
        if client is None:
            client = _shared_clients[key] = Client()
        return client
