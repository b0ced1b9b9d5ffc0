"""HTTP through the standard library alone."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import threading
from typing import Iterator, List, Optional
from urllib.parse import SplitResult

from ._transport import (
    CONNECT_SECONDS,
    IDLE_CONNECTIONS_MAX,
    KEEPALIVE,
    Request,
    Response,
    Transport,
    TransportError,
)

_BLOCK_BYTES = 256 << 10


class StdTransport(Transport):
    """Keeps idle connections to one server and takes the most recent one first."""

    def __init__(self, server: SplitResult) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._idle: List[http.client.HTTPConnection] = []

    def send(self, request: Request) -> Response:
        connection = self._take()
        try:
            if connection.sock is None:
                self._connect(connection)
            connection.sock.settimeout(request.read_seconds)
            whole = self._write(connection, request)
            return _StdResponse(self, connection, connection.getresponse(), reusable=whole)
        except socket.timeout as e:
            connection.close()
            raise TransportError("no answer in time") from e
        except (OSError, http.client.HTTPException) as e:
            connection.close()
            raise TransportError(str(e) or type(e).__name__) from e
        except BaseException:
            connection.close()
            raise

    def _write(self, connection: http.client.HTTPConnection, request: Request) -> bool:
        """Returns false when the server stopped reading: its answer says why."""
        try:
            connection.request(
                request.method,
                request.url[len(f"{self._server.scheme}://{self._server.netloc}") :],
                body=request.body,
                headers=dict(request.headers),
            )
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError as e:
            raise TransportError(str(e), refused=True) from e
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            if hasattr(socket, name):
                connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not _closed_by_peer(connection.sock):
                    return connection
                connection.close()
        secure = self._server.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(
            self._server.hostname or "",
            self._server.port,
            timeout=CONNECT_SECONDS,
            blocksize=_BLOCK_BYTES,
        )

    def give_back(self, connection: http.client.HTTPConnection) -> None:
        """Keeps a connection whose answer was read to its end."""
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class _StdResponse(Response):
    def __init__(
        self,
        transport: StdTransport,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        *,
        reusable: bool,
    ) -> None:
        self._transport = transport
        self._connection: Optional[http.client.HTTPConnection] = connection
        self._response = response
        self._reusable = reusable and not response.will_close
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def chunks(self) -> Iterator[bytes]:
        try:
            while True:
                chunk = self._response.read1(_BLOCK_BYTES)
                if not chunk:
                    break
                yield chunk
        except socket.timeout as e:
            raise TransportError("no bytes in time") from e
        except (OSError, http.client.HTTPException, ValueError) as e:
            raise TransportError(str(e) or type(e).__name__) from e
        if self._response.length:
            raise TransportError(f"connection closed {self._response.length} bytes too early")
        self._finish()

    def _finish(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not self._reusable:
            self._response.close()
            connection.close()
        else:
            self._response.close()
            self._transport.give_back(connection)

    def close(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if self._response.isclosed():
            self._finish()
        else:
            self._connection = None
            self._response.close()
            connection.close()

    def abort(self) -> None:
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)


def _closed_by_peer(sock: Optional[socket.socket]) -> bool:
    """An idle connection that has something to read was closed by the server."""
    if sock is None:
        return True
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (AttributeError, OSError, ValueError):
        return bool(select.select([sock], [], [], 0)[0])
