"""Quern: files, vector search, and functions that run next to the bytes they read.

The names and meanings of Modal's SDK where Quern has the thing, so that ``import quern as modal``
runs a program that uses nothing more. Importing this package needs nothing but Python; the network
is used through ``httpx`` when it is installed, else through the standard library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import exception
from ._version import VERSION as __version__
from .app import App, LocalEntrypoint
from .exception import Error, QuernError
from .functions import Function, FunctionCall
from .volume import Volume

if TYPE_CHECKING:
    from ._calls import Output, Receipt, enable_output
    from ._client import Client
    from ._embed import embed
    from .collection import Collection
    from .rows import Hit, Row, SearchResult, SyncProgress
    from .volume import Commit, FileEntry, FileEntryType

__all__ = [
    "App",
    "Client",
    "Collection",
    "Commit",
    "Error",
    "FileEntry",
    "FileEntryType",
    "Function",
    "FunctionCall",
    "Hit",
    "LocalEntrypoint",
    "Output",
    "QuernError",
    "Receipt",
    "Row",
    "SearchResult",
    "SyncProgress",
    "Volume",
    "__version__",
    "embed",
    "enable_output",
    "exception",
]

_HOME_OF = {
    "Client": "_client",
    "Collection": "collection",
    "Commit": "volume",
    "FileEntry": "volume",
    "FileEntryType": "volume",
    "Hit": "rows",
    "Output": "_calls",
    "Receipt": "_calls",
    "Row": "rows",
    "SearchResult": "rows",
    "SyncProgress": "rows",
    "embed": "_embed",
    "enable_output": "_calls",
}


def __getattr__(name: str) -> Any:
    """Loads what is not needed to define functions when it is first used, and names what Quern
    does not have.
    """
    from importlib import import_module

    if name in _HOME_OF:
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value
    from . import _unsupported

    if name in _unsupported.MODULE:
        raise _unsupported.error(f"quern.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
