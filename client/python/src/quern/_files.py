"""Collections as files: lines of JSON, and with pyarrow Arrow IPC and Parquet."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, Iterator, List, Optional, Union

from .exception import InvalidError, NotFoundError

if TYPE_CHECKING:
    from .collection import Collection

FORMATS = ("jsonl", "arrow", "parquet")
_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".parquet": "parquet",
}
# The schema of a collection, as JSON in the metadata of an Arrow schema.
_SCHEMA_KEY = b"quern"
_ROWS_PER_BATCH = 8_192
_ROW_GROUP_BYTES = 64 << 20

Path = Union[str, "os.PathLike[str]"]


def format_of(path: Path, given: Optional[str]) -> str:
    """The format that was asked for, or that the file's name ends in."""
    if given is not None:
        if given not in FORMATS:
            raise InvalidError(f"format must be one of {', '.join(FORMATS)}, got {given!r}")
        return given
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in _ENDINGS:
        raise InvalidError(f"cannot tell the format of {path}: give format, or end it in .parquet")
    return _ENDINGS[ending]


def export_rows(
    collection: Collection, path: Path, given: Optional[str], at: Optional[str] = None
) -> int:
    """Writes every row of one moment; returns how many. ``-`` is standard output."""
    chosen = format_of(path, given)
    with _target(path) as out:
        if chosen == "jsonl":
            return _export_lines(collection, out, at)
        return _export_arrow(collection, out, chosen, at)


@contextlib.contextmanager
def _target(path: Path) -> Iterator[BinaryIO]:
    """A file that only takes its name when it is whole."""
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = f"{os.fspath(path)}.part"
    try:
        with open(part, "wb") as out:
            yield out
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)
        raise


def _export_lines(collection: Collection, out: BinaryIO, at: Optional[str]) -> int:
    rows = -1
    for line in collection._lines("GET", "/export", query={"at": at}, waits=True):
        out.write(json.dumps(line, separators=(",", ":")).encode())
        out.write(b"\n")
        rows += 1
    return rows


def _export_arrow(collection: Collection, out: BinaryIO, chosen: str, at: Optional[str]) -> int:
    from . import _flight

    pyarrow = _flight.pyarrow

    rows = 0
    with contextlib.ExitStack() as stack:
        columns, batches = _flight.stream_rows(collection._connection(), collection.name, at)
        stack.callback(batches.close)
        # Read after the stream began, so that it has every column of the stream.
        described = json.dumps(collection.info(at=at)["schema"]).encode()
        schema = columns.with_metadata({_SCHEMA_KEY: described})
        if chosen == "arrow":
            writer = stack.enter_context(pyarrow.ipc.new_file(out, schema))
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
            return rows
        from pyarrow import parquet

        writer = stack.enter_context(parquet.ParquetWriter(out, schema, compression="zstd"))
        for table in _groups(batches, pyarrow):
            writer.write_table(table.replace_schema_metadata({_SCHEMA_KEY: described}))
            rows += table.num_rows
    return rows


def _groups(batches: Iterator[Any], pyarrow: Any) -> Iterator[Any]:
    """Tables of about one row group each."""
    waiting: List[Any] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.nbytes for each in waiting) >= _ROW_GROUP_BYTES:
            yield pyarrow.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pyarrow.Table.from_batches(waiting)


def import_rows(collection: Collection, path: Path, given: Optional[str]) -> int:
    """Upserts the rows of a file; returns how many."""
    chosen = format_of(path, given)
    if chosen == "jsonl":
        return _import_lines(collection, path)
    return _import_arrow(collection, path, chosen)


def _import_lines(collection: Collection, path: Path) -> int:
    with contextlib.ExitStack() as stack:
        lines: Any = sys.stdin if path == "-" else stack.enter_context(open(path, encoding="utf-8"))
        values = _values(lines, path)
        first = next(values, None)
        if first is None:
            return 0
        if isinstance(first.get("schema"), dict) and "id" not in first:
            _prepare(collection, first["schema"])
            return collection.upsert(values)
        return collection.upsert(_chain(first, values))


def _values(lines: Any, path: Path) -> Iterator[Dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as e:
            raise InvalidError(f"{path} line {number}: not valid JSON: {e}") from e
        if not isinstance(value, dict):
            raise InvalidError(f"{path} line {number}: a row must be a JSON object")
        yield value


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _import_arrow(collection: Collection, path: Path, chosen: str) -> int:
    from . import _flight

    pyarrow = _flight.pyarrow

    with contextlib.ExitStack() as stack:
        try:
            source = stack.enter_context(pyarrow.memory_map(os.fspath(path)))
            if chosen == "arrow":
                reader = pyarrow.ipc.open_file(source)
                schema = reader.schema
                batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                from pyarrow import parquet

                file = parquet.ParquetFile(source)
                schema = file.schema_arrow
                batches = file.iter_batches(batch_size=_ROWS_PER_BATCH)
        except FileNotFoundError as e:
            raise InvalidError(f"there is no file {path}") from e
        except pyarrow.ArrowException as e:
            raise InvalidError(f"{path} is no {chosen} file: {e}") from e
        described = (schema.metadata or {}).get(_SCHEMA_KEY)
        if described is not None:
            _prepare(collection, json.loads(described))
        fields = _fields(collection, path)
        return _flight.write_rows(
            collection._connection(),
            collection.name,
            (_fit(batch, fields, pyarrow) for batch in batches),
            columns=True,
        )


def _fields(collection: Collection, path: Path) -> Dict[str, Any]:
    try:
        schema: Dict[str, Any] = collection.info()["schema"]
        return schema
    except NotFoundError as e:
        raise NotFoundError(
            f"{e}; {path} does not say what its columns are: create the collection first"
        ) from e


def _prepare(collection: Collection, schema: Dict[str, Any]) -> None:
    """Creates the collection, or adds the fields that it lacks."""
    client = collection._connection()
    try:
        collection.info()
    except NotFoundError:
        request = {"name": collection.name, "schema": schema, "if_not_exists": True}
        client.json("POST", "/v1/collections", request, retry="always")
        return
    fields = {name: value for name, value in schema.items() if name != "strict"}
    collection._json("PATCH", "", fields, retry="always")


def _fit(batch: Any, fields: Dict[str, Any], pyarrow: Any) -> Any:
    """A batch whose columns have the types that the collection has or takes."""
    vectors = fields.get("vectors") or {}
    columns: Dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns):
        if name.startswith("__index_level_"):  # pandas' own
            continue
        if pyarrow.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if name in vectors:
            wanted = pyarrow.list_(pyarrow.float32(), vectors[name]["dims"])
            if column.type != wanted:
                column = _vectors(name, column, wanted, pyarrow)
        columns[name] = column
    return pyarrow.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _vectors(name: str, column: Any, wanted: Any, pyarrow: Any) -> Any:
    try:
        return column.cast(wanted)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        try:
            return pyarrow.array(column.to_pylist(), wanted)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as e:
            raise InvalidError(f"column {name!r} does not hold vectors of {wanted}: {e}") from e
