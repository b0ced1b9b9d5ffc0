"""One small interface between the client and HTTP. Two implementations: ``httpx`` when it is
installed, else the standard library, so that the SDK works with nothing but python3.
"""

from __future__ import annotations

from typing import Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
IDLE_CONNECTIONS_MAX = 32


KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""Socket options, where the platform has them: a request that waits for work without a timeout
notices within two minutes that its server is gone without a word.
"""


class Request(NamedTuple):
    """One attempt. ``body`` as an iterable needs a ``content-length`` header, or goes chunked.
    ``read_seconds`` bounds each wait for bytes; ``None`` waits as long as the peer lives.
    """

    method: str
    url: str
    headers: List[Tuple[str, str]]
    body: Union[None, bytes, Iterable[bytes]]
    read_seconds: Optional[float]


class TransportError(Exception):
    """The exchange did not come to its end. ``refused``: nothing was sent, no one listens."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class Response:
    """An answer whose body has not been read. Close it, or read it to its end."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces as they arrive; a broken connection is a ``TransportError``."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives the connection back, or drops it when the body was not read."""
        raise NotImplementedError

    def abort(self) -> None:
        """Breaks the connection, so that a thread that reads from it stops; from any thread."""
        raise NotImplementedError

    def read(self, limit: Optional[int] = None) -> bytes:
        """The whole body, or about the first ``limit`` bytes."""
        parts: List[bytes] = []
        size = 0
        for chunk in self.chunks():
            parts.append(chunk)
            size += len(chunk)
            if limit is not None and size >= limit:
                break
        return b"".join(parts)

    def lines(self) -> Iterator[bytes]:
        """The body line by line, without line ends, empty lines left out."""
        rest: List[bytes] = []
        for chunk in self.chunks():
            *complete, last = chunk.split(b"\n")
            for line in complete:
                rest.append(line)
                whole = b"".join(rest)
                rest = []
                if whole.strip():
                    yield whole
            rest.append(last)
        whole = b"".join(rest)
        if whole.strip():
            yield whole

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Transport:
    """Sends requests; safe for use by many threads."""

    def send(self, request: Request) -> Response:
        """Sends and waits until the answer begins. Raises ``TransportError``."""
        raise NotImplementedError

    def close(self) -> None:
        """Drops idle connections."""
        raise NotImplementedError


def open_transport(url: str) -> Transport:
    """The transport for ``http://host:port``: httpx if it can be imported."""
    try:
        from ._transport_httpx import HttpxTransport
    except ImportError:
        from ._transport_std import StdTransport

        return StdTransport(urlsplit(url))
    return HttpxTransport()
