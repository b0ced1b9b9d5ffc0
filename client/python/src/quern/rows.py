"""Rows and hits: what goes into a collection, what comes out, and their JSON."""

from __future__ import annotations

import json
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Union,
)

from ._columns import packed, plain
from .exception import InvalidError

ROWS_PER_REQUEST_MAX = 1_000
BYTES_PER_REQUEST_MAX = 16 << 20


class Row(NamedTuple):
    """A row: ``id`` of 1 to 512 bytes, or an int where the collection's ids are ``uint64``;
    ``text`` for BM25, and to be embedded when there is no vector and the collection has a model;
    ``vector`` of as many numbers as the collection has dimensions; ``attributes`` by name: string,
    number, boolean, list of these, any JSON, or a ``datetime`` with its time zone; ``texts`` and
    ``vectors`` of the collection's other fields, by name.
    """

    id: Union[str, int]
    text: Optional[str] = None
    vector: Optional[Sequence[float]] = None
    attributes: Optional[Mapping[str, Any]] = None
    texts: Optional[Mapping[str, str]] = None
    vectors: Optional[Mapping[str, Sequence[float]]] = None


class Hit(NamedTuple):
    """A row that a search found. ``score``: higher is better, comparable within one answer only."""

    id: Union[str, int]
    score: float
    text: Optional[str]
    attributes: Dict[str, Any]
    vector: Optional[List[float]]
    texts: Dict[str, str] = {}
    vectors: Dict[str, List[float]] = {}
    legs: Optional[List[Dict[str, Any]]] = None
    """With ``explain``: ``rank`` and ``score`` in each leg, or nothing where it has no place."""


class SearchResult(List[Hit]):
    """Hits, best first."""

    mode: str = ""
    """What was run."""
    took_ms: float = 0.0
    """The time at the server."""
    rows: int = 0
    """Rows of the collection at that moment."""
    next: Optional[str] = None
    """For ``after`` of the page after this one; None at the end."""
    partial: bool = False
    """Whether the time was over before everything was looked at."""
    plans: Optional[List[Dict[str, Any]]] = None
    """With ``explain``: ``strategy``, ``reason`` and ``matching`` of each leg."""
    performance: Dict[str, Any] = {}
    """``server_ms``, ``rows`` and, of legs that were run exactly, ``compared``."""


class SyncProgress(NamedTuple):
    """How far a sync has come, or with ``type`` ``"done"`` what it did."""

    type: str
    commit: str
    """The commit that is indexed."""
    files_total: int
    """Files that changed since the last sync."""
    files_done: int
    files_skipped: int
    files_deleted: int
    rows_upserted: int
    rows_deleted: int
    tokens: int
    """Tokens embedded."""
    seconds: float
    skipped: List[str]
    """Up to 100 ``path: reason``."""


def batches(rows: Iterable[Union[Row, Mapping[str, Any]]]) -> Iterator[List[str]]:
    batch: List[str] = []
    size = 0
    for row in rows:
        encoded = _encode(row)
        if batch and (
            len(batch) >= ROWS_PER_REQUEST_MAX or size + len(encoded) > BYTES_PER_REQUEST_MAX
        ):
            yield batch
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded)
    if batch:
        yield batch


def _encode(row: Union[Row, Mapping[str, Any]]) -> str:
    if isinstance(row, Row):
        fields = row._asdict()
    elif isinstance(row, Mapping):
        fields = dict(row)
    else:
        raise InvalidError(f"a row must be a Row or a dict, got {type(row).__name__}")
    if fields.get("vector") is not None:
        fields["vector"] = _vector(fields["vector"])
    if fields.get("vectors") is not None:
        fields["vectors"] = {name: _vector(v) for name, v in fields["vectors"].items()}
    wire = {name: value for name, value in fields.items() if value is not None}
    try:
        return json.dumps(wire, allow_nan=False, separators=(",", ":"), default=plain)
    except (TypeError, ValueError) as e:
        raise InvalidError(f"row {fields.get('id')!r} cannot be written as JSON: {e}") from e


def leg_of(leg: Mapping[str, Any]) -> Dict[str, Any]:
    wire = dict(leg)
    dense = wire.get("dense")
    if isinstance(dense, Mapping) and dense.get("vector") is not None:
        wire["dense"] = dict(dense, vector=floats(dense["vector"]))
    return wire


def _vector(vector: Any) -> Any:
    return packed(vector) if hasattr(vector, "dtype") else floats(vector)


def floats(vector: Any) -> List[float]:
    values = vector.tolist() if hasattr(vector, "tolist") else vector
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError) as e:
        raise InvalidError(f"a vector must hold numbers: {e}") from e


def to_hit(wire: Dict[str, Any]) -> Hit:
    return Hit(
        wire["id"],
        wire["score"],
        wire.get("text"),
        wire.get("attributes") or {},
        wire.get("vector"),
        wire.get("texts") or {},
        wire.get("vectors") or {},
        wire.get("legs"),
    )


def to_row(wire: Dict[str, Any]) -> Row:
    return Row(
        wire["id"],
        wire.get("text"),
        wire.get("vector"),
        wire.get("attributes") or {},
        wire.get("texts"),
        wire.get("vectors"),
    )
