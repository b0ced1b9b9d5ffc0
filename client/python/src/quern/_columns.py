"""Columns of rows: dicts of lists or arrays, data frames and Arrow tables, as JSON."""

from __future__ import annotations

import base64
import json
import sys
from array import array
from typing import Any, Dict, Iterator, List, Mapping, Optional

from .exception import InvalidError


def find_columns(rows: Any) -> Optional[Dict[str, Any]]:
    """The columns of a pandas ``DataFrame``, or of a pyarrow ``Table`` or ``RecordBatch``; None
    for anything else.
    """
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):
        return {str(name): rows[name] for name in rows.columns}
    if hasattr(rows, "schema") and hasattr(rows, "column") and hasattr(rows, "num_rows"):
        return {name: rows.column(i) for i, name in enumerate(rows.schema.names)}
    return None


def bodies(columns: Mapping[str, Any], rows_max: int, bytes_max: int) -> Iterator[bytes]:
    """Request bodies of so many rows and about so many bytes at most."""
    values = {name: _values(name, column) for name, column in columns.items()}
    lengths = {name: len(column) for name, column in values.items()}
    if "id" not in values:
        raise InvalidError(f"columns must have 'id', got {sorted(values)}")
    for name, length in lengths.items():
        if length != lengths["id"]:
            raise InvalidError(
                f"column {name!r} has {length} values, 'id' has {lengths['id']}: columns must be of"
                " one length"
            )
    for start in range(0, lengths["id"], rows_max):
        yield from _bounded(values, start, min(start + rows_max, lengths["id"]), bytes_max)


def _bounded(values: Mapping[str, List[Any]], start: int, end: int, most: int) -> Iterator[bytes]:
    part = {name: column[start:end] for name, column in values.items()}
    try:
        body = json.dumps(
            {"columns": part}, allow_nan=False, separators=(",", ":"), default=plain
        ).encode()
    except (TypeError, ValueError) as e:
        raise InvalidError(f"rows {start} to {end} cannot be written as JSON: {e}") from e
    if len(body) <= most or end - start == 1:
        yield body
    else:
        middle = (start + end) // 2
        yield from _bounded(values, start, middle, most)
        yield from _bounded(values, middle, end, most)


def _values(name: str, column: Any) -> List[Any]:
    if hasattr(column, "notna"):  # a pandas Series, whose NaN and NaT mean none
        return list(column.astype(object).where(column.notna(), None))
    if hasattr(column, "to_pylist"):  # Arrow
        return list(column.to_pylist())
    if getattr(column, "ndim", 1) == 2:  # a numpy matrix: a vector a row
        return [packed(row) for row in column]
    if hasattr(column, "tolist"):
        return list(column.tolist())
    if isinstance(column, (str, bytes)) or not hasattr(column, "__iter__"):
        raise InvalidError(f"column {name!r} must be a list, got {type(column).__name__}")
    return list(column)


def packed(vector: Any) -> str:
    """Base64 of the little-endian float32 of a numpy vector."""
    try:
        numbers = array("f", vector.tolist())
    except (TypeError, OverflowError) as e:
        raise InvalidError(f"a vector must hold numbers: {e}") from e
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def plain(value: Any) -> Any:
    """What JSON has no form for: moments with a time zone, dates, and numpy's values."""
    if hasattr(value, "tolist"):  # numpy's arrays and scalars
        return value.tolist()
    if hasattr(value, "isoformat"):
        if hasattr(value, "tzinfo") and value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone")
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")
