"""Bulk rows over Arrow Flight; needs pyarrow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Generator, Iterator, Mapping, Optional, Tuple

from . import exception
from ._config import flight_url
from .rows import Written

if TYPE_CHECKING:
    from ._client import Client

try:
    import pyarrow as pyarrow
    from pyarrow import flight
except ImportError as missing:
    raise exception.NotSupportedError(
        "bulk transfer needs pyarrow: pip install quern[arrow]"
    ) from missing

_ROWS_PER_BATCH = 8_192
# The server takes messages of 16 MiB.
_BYTES_PER_BATCH = 14 << 20


def read_rows(
    client: Client, collection: str, columns: bool = False, at: Optional[str] = None
) -> Any:
    """A ``pyarrow.Table`` of every row at one moment."""
    options = _options(client)
    kinds = _Kinds()
    try:
        with _connect(client, kinds) as connection:
            info = connection.get_flight_info(_descriptor(collection, columns, at), options)
            tables = [
                connection.do_get(endpoint.ticket, options).read_all()
                for endpoint in info.endpoints
            ]
            return pyarrow.concat_tables(tables) if tables else info.schema.empty_table()
    except pyarrow.ArrowException as e:
        raise kinds.error(e) from e


def stream_rows(
    client: Client, collection: str, at: Optional[str] = None
) -> Tuple[Any, Generator[Any, None, None]]:
    """The schema of a collection's columns, and batches of every row at one moment."""
    batches = _stream(client, collection, at)
    return next(batches), batches


def _stream(client: Client, collection: str, at: Optional[str]) -> Generator[Any, None, None]:
    options = _options(client)
    kinds = _Kinds()
    try:
        with _connect(client, kinds) as connection:
            info = connection.get_flight_info(_descriptor(collection, True, at), options)
            reader = connection.do_get(info.endpoints[0].ticket, options)
            yield reader.schema
            for chunk in reader:
                yield chunk.data
    except pyarrow.ArrowException as e:
        raise kinds.error(e) from e


def write_rows(
    client: Client,
    collection: str,
    rows: Any,
    columns: bool = False,
    mode: Optional[str] = None,
    ttl: Optional[int] = None,
) -> Written:
    """Writes batches one after another; returns how many rows were written."""
    batches = _batches(rows)
    first = next(batches, None)
    if first is None:
        return Written([])
    given = {"mode": mode, "ttl": ttl}
    metadata = {name: value for name, value in given.items() if value is not None}
    kinds = _Kinds()
    try:
        with _connect(client, kinds) as connection:
            writer, acknowledgements = connection.do_put(
                _descriptor(collection, columns), first.schema, _options(client)
            )
            with writer:
                answers = [_send(writer, acknowledgements, first, metadata)]
                for batch in batches:
                    answers.append(_send(writer, acknowledgements, batch, {}))
                writer.done_writing()
            return Written(answers)
    except pyarrow.ArrowException as e:
        raise kinds.error(e) from e


def _send(writer: Any, acknowledgements: Any, batch: Any, metadata: Dict[str, Any]) -> Any:
    """Sends a batch and waits until it is durable."""
    if metadata:
        writer.write_with_metadata(batch, json.dumps(metadata).encode())
    else:
        writer.write_batch(batch)
    answer = acknowledgements.read()
    if answer is None:
        raise exception.UnavailableError("server ended the stream without an acknowledgement")
    return json.loads(answer.to_pybytes())


def _batches(rows: Any) -> Iterator[Any]:
    if isinstance(rows, pyarrow.RecordBatch):
        rows = pyarrow.Table.from_batches([rows])
    for part in [rows] if isinstance(rows, pyarrow.Table) else rows:
        table = part if isinstance(part, pyarrow.Table) else pyarrow.Table.from_batches([part])
        for batch in table.to_batches(max_chunksize=_ROWS_PER_BATCH):
            yield from _bounded(batch)


def _bounded(batch: Any) -> Iterator[Any]:
    """Cuts a batch until its parts fit into messages, or are single rows."""
    if batch.num_rows > 1 and batch.nbytes > _BYTES_PER_BATCH:
        half = batch.num_rows // 2
        yield from _bounded(batch.slice(0, half))
        yield from _bounded(batch.slice(half))
    elif batch.num_rows:
        yield batch


def _connect(client: Client, kinds: _Kinds) -> Any:
    return flight.connect(flight_url(client.url), middleware=[kinds])


def _descriptor(collection: str, columns: bool, at: Optional[str] = None) -> Any:
    more = ("columns",) if columns else ()
    kept = () if at is None else ("at", at)
    return flight.FlightDescriptor.for_path("collection", collection, *more, *kept)


def _options(client: Client) -> Any:
    return flight.FlightCallOptions(
        headers=[(b"authorization", f"Bearer {client.settings.token}".encode())]
    )


class _Kinds(flight.ClientMiddlewareFactory):  # type: ignore[misc]
    """Keeps the exact kind of a failure, for which Arrow has too few errors."""

    def __init__(self) -> None:
        super().__init__()
        self.kind: Optional[str] = None

    def start_call(self, info: Any) -> Any:
        return _Kind(self)

    def error(self, cause: Exception) -> exception.QuernError:
        if self.kind is not None:
            return exception.from_code(self.kind, str(cause), {})
        return _error(cause)


class _Kind(flight.ClientMiddleware):  # type: ignore[misc]
    def __init__(self, kept: _Kinds) -> None:
        super().__init__()
        self._kept = kept

    def received_headers(self, headers: Mapping[str, Any]) -> None:
        for kind in headers.get("quern-kind", ()):
            self._kept.kind = kind


def _error(cause: Exception) -> exception.QuernError:
    message = str(cause)
    if isinstance(cause, (flight.FlightUnauthenticatedError, flight.FlightUnauthorizedError)):
        return exception.AuthError(message)
    if isinstance(cause, (flight.FlightUnavailableError, flight.FlightTimedOutError)):
        return exception.ConnectionError(message)
    if isinstance(cause, pyarrow.ArrowKeyError):
        return exception.NotFoundError(message)
    if isinstance(cause, pyarrow.ArrowInvalid):
        return exception.InvalidError(message)
    if isinstance(cause, pyarrow.ArrowCapacityError):
        return exception.ExhaustedError(message)
    return exception.InternalError(message)
