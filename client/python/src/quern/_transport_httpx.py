"""HTTP through ``httpx``."""

from __future__ import annotations

import contextlib
import socket
from typing import Iterator

import httpx

from ._transport import (
    CONNECT_SECONDS,
    IDLE_CONNECTIONS_MAX,
    KEEPALIVE,
    Request,
    Response,
    Transport,
    TransportError,
)


class HttpxTransport(Transport):
    """Ignores proxy variables, as the standard library's transport does."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=IDLE_CONNECTIONS_MAX)
        keepalive = [
            (socket.IPPROTO_TCP, getattr(socket, name), value)
            for name, value in KEEPALIVE
            if hasattr(socket, name)
        ]
        self._client = httpx.Client(
            trust_env=False,
            transport=httpx.HTTPTransport(
                limits=limits,
                socket_options=[
                    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
                    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
                    *keepalive,
                ],
            ),
        )

    def send(self, request: Request) -> Response:
        timeout = httpx.Timeout(request.read_seconds, connect=CONNECT_SECONDS)
        try:
            outgoing = self._client.build_request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.body,
                timeout=timeout,
            )
            return _HttpxResponse(self._client.send(outgoing, stream=True))
        except (httpx.ConnectError, httpx.ConnectTimeout) as e:
            raise TransportError(str(e) or "connect timed out", refused=True) from e
        except httpx.TimeoutException as e:
            raise TransportError("no answer in time") from e
        except httpx.TransportError as e:
            raise TransportError(str(e) or type(e).__name__) from e

    def close(self) -> None:
        self._client.close()


class _HttpxResponse(Response):
    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    def chunks(self) -> Iterator[bytes]:
        try:
            yield from self._response.iter_raw()
        except httpx.TimeoutException as e:
            raise TransportError("no bytes in time") from e
        except httpx.TransportError as e:
            raise TransportError(str(e) or type(e).__name__) from e

    def close(self) -> None:
        self._response.close()

    def abort(self) -> None:
        stream = self._response.extensions.get("network_stream")
        sock = stream.get_extra_info("socket") if stream is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
