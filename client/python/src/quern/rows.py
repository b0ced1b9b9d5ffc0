"""Rows and hits: what goes into a collection, what comes out, and their JSON."""

from __future__ import annotations

import datetime
import json
from array import array
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

    ``version`` is what the server says: the token of the write that stored the row; it is not
    written. ``expires_at``, or ``ttl`` seconds from now, is when the row is gone. With
    ``if_version`` the whole batch is ``ConflictError`` unless the row has this version, 0 for no
    row; ``if_absent`` is ``if_version=0``.
    """

    id: Union[str, int]
    text: Optional[str] = None
    vector: Optional[Sequence[float]] = None
    attributes: Optional[Mapping[str, Any]] = None
    texts: Optional[Mapping[str, str]] = None
    vectors: Optional[Mapping[str, Sequence[float]]] = None
    version: Optional[int] = None
    expires_at: Union[str, datetime.datetime, None] = None
    ttl: Optional[int] = None
    if_version: Optional[int] = None
    if_absent: Optional[bool] = None


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
    version: Optional[int] = None
    """With ``include_version``: the token of the write that stored the row."""
    expires_at: Optional[str] = None
    """With ``include_version``: when the row is gone, if it ever is."""


class Written(int):
    """How many rows were written, or deleted."""

    token: int = 0
    """Of the last write, for ``at_least``; the version of the rows it wrote."""
    skipped: int = 0
    """Rows that the mode passed over."""
    skipped_ids: List[Union[str, int]]
    """Ids of the first 1,000 of them in each batch."""

    def __new__(cls, answers: Iterable[Mapping[str, Any]], key: str = "upserted") -> Written:
        total, skipped, token = 0, 0, 0
        ids: List[Union[str, int]] = []
        for answer in answers:
            total += int(answer[key])
            token = int(answer["token"])
            skipped += int(answer.get("skipped") or 0)
            ids.extend(answer.get("skipped_ids") or [])
        written = super().__new__(cls, total)
        written.token, written.skipped, written.skipped_ids = token, skipped, ids
        return written


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
    """With ``explain``: ``strategy`` and ``reason`` of each leg, rows ``matching`` its filter and
    how many were ``estimated``, and what it took: ``visited`` vertices of graphs, ``coded`` codes
    and ``compared`` vectors."""
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


def batches(
    rows: Iterable[Union[Row, Mapping[str, Any]]], *, nulls: bool = False
) -> Iterator[List[str]]:
    batch: List[str] = []
    size = 0
    for row in rows:
        encoded = _encode(row, nulls)
        if batch and (
            len(batch) >= ROWS_PER_REQUEST_MAX or size + len(encoded) > BYTES_PER_REQUEST_MAX
        ):
            yield batch
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded)
    if batch:
        yield batch


def _encode(row: Union[Row, Mapping[str, Any]], nulls: bool) -> str:
    if isinstance(row, Row):
        fields = {**row._asdict(), "version": None}
        nulls = False
    elif isinstance(row, Mapping):
        fields = dict(row)
    else:
        raise InvalidError(f"a row must be a Row or a dict, got {type(row).__name__}")
    if fields.get("vector") is not None:
        fields["vector"] = _vector(fields["vector"])
    if fields.get("vectors") is not None:
        vectors = fields["vectors"].items()
        fields["vectors"] = {name: None if v is None else _vector(v) for name, v in vectors}
    wire = {name: value for name, value in fields.items() if nulls or value is not None}
    try:
        return json.dumps(wire, allow_nan=False, separators=(",", ":"), default=plain)
    except (TypeError, ValueError) as e:
        raise InvalidError(f"row {fields.get('id')!r} cannot be written as JSON: {e}") from e


def plain_fields(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """Fields by their names as JSON has them."""
    wire = {
        name: _vector(value) if hasattr(value, "dtype") else value for name, value in fields.items()
    }
    try:
        plainly: Dict[str, Any] = json.loads(json.dumps(wire, allow_nan=False, default=plain))
        return plainly
    except (TypeError, ValueError) as e:
        raise InvalidError(f"fields to set cannot be written as JSON: {e}") from e


def leg_of(leg: Mapping[str, Any]) -> Dict[str, Any]:
    wire = dict(leg)
    dense = wire.get("dense")
    if isinstance(dense, Mapping) and dense.get("vector") is not None:
        wire["dense"] = dict(dense, vector=query_vector(dense["vector"]))
    return wire


def _vector(vector: Any) -> Any:
    return packed(vector) if hasattr(vector, "dtype") else floats(vector)


def query_vector(vector: Any) -> str:
    """As base64, which both sides are quicker with than with a list of decimals."""
    return packed(vector if hasattr(vector, "tolist") else array("d", floats(vector)))


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
        wire.get("version"),
        wire.get("expires_at"),
    )


def to_row(wire: Dict[str, Any]) -> Row:
    return Row(
        wire["id"],
        wire.get("text"),
        wire.get("vector"),
        wire.get("attributes") or {},
        wire.get("texts"),
        wire.get("vectors"),
        wire.get("version"),
        wire.get("expires_at"),
    )
