"""Where the server is and how to log in: arguments, else the environment, else the token file that
a server on this machine writes.
"""

from __future__ import annotations

import os
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

from .exception import AuthError, InvalidError

DEFAULT_URL = "http://127.0.0.1:7700"
FLIGHT_PORT = 7701


class Settings(NamedTuple):
    """``url`` without a slash at the end, ``token`` without spaces."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, token=...)"


def resolve(url: Optional[str] = None, token: Optional[str] = None) -> Settings:
    """Settings from the arguments, ``QUERN_URL`` and ``QUERN_TOKEN``, and ``~/.quern/admin.token``.

    Raises ``InvalidError`` for a URL that is not http(s), ``AuthError`` when there is no token.
    """
    return Settings(_checked_url(url or os.environ.get("QUERN_URL") or DEFAULT_URL), _token(token))


def flight_url(http_url: str) -> str:
    """``QUERN_FLIGHT_URL``, else port 7701 of the host that serves HTTP."""
    given = os.environ.get("QUERN_FLIGHT_URL")
    if given:
        return given
    host = urlsplit(http_url).hostname or "127.0.0.1"
    return f"grpc://[{host}]:{FLIGHT_PORT}" if ":" in host else f"grpc://{host}:{FLIGHT_PORT}"


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidError(f"url must look like {DEFAULT_URL}, got {url!r}")
    return url.rstrip("/")


def _token(token: Optional[str]) -> str:
    value = token or os.environ.get("QUERN_TOKEN") or _token_from_file()
    value = value.strip()
    if not value or any(c <= " " or c > "~" for c in value):
        raise AuthError("token must be printable ASCII without spaces")
    return value


def _token_from_file() -> str:
    path = os.path.join(os.path.expanduser("~"), ".quern", "admin.token")
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as e:
        if os.environ.get("QUERN_FUNCTION"):
            raise AuthError(
                f"function {os.environ['QUERN_FUNCTION']} runs without network and token: it sees "
                "its volumes as directories, and returns the rest to its caller"
            ) from e
        raise AuthError(
            f"no token: set QUERN_TOKEN, or start a server on this machine, which writes {path}"
        ) from e
