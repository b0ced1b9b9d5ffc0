"""How rows get into a collection, and out of it."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, Iterator, Mapping, Optional, Union

from . import rows as wire
from ._columns import bodies, find_columns
from .exception import InvalidError
from .rows import Row, Written, batches, plain_fields


class Writable:
    """What a :class:`Collection` can do with its rows one by one: write, change, delete."""

    def _json(self, method: str, rest: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    def upsert(
        self,
        rows: Union[Iterable[Union[Row, Mapping[str, Any]]], Any, None] = None,
        *,
        columns: Optional[Mapping[str, Any]] = None,
        mode: str = "upsert",
        ttl: Optional[int] = None,
    ) -> Written:
        """Writes rows, replacing those of the same id, and returns how many, as an int that has
        ``token``, ``skipped`` and ``skipped_ids``, too.

        A row is a :class:`Row` or a dict of fields by their names: ``{"id": "a", "vector": [..],
        "title": "..", "year": 2020}``; the collection's schema tells vectors and texts, all else
        are attributes, and None is no value. A vector is anything that iterates over numbers.
        ``columns`` are instead a list or a numpy array for each field, ``{"id": [..], "vector":
        matrix, "year": [..]}``, and ``rows`` may be a pandas ``DataFrame`` or a pyarrow ``Table``
        of such columns.

        Rows go in batches of up to 1,000 rows and 16 MiB: each is written whole or not at all, and
        is durable and found by searches before the next is sent.

        ``mode`` ``insert`` skips rows whose ids are there, ``update`` those whose ids are not.
        ``ttl`` is in how many seconds rows are gone that do not say ``expires_at`` or ``ttl``
        themselves. A row with ``if_version`` makes its batch ``ConflictError`` unless the row that
        is there has this version; 0, or ``if_absent``, says that there is none.
        """
        if mode not in ("upsert", "insert", "update"):
            raise InvalidError(f"mode must be upsert, insert or update, got {mode!r}")
        options = {"mode": None if mode == "upsert" else mode, "ttl": ttl}
        return Written(self._send("/upsert", rows, columns, options))

    def patch(
        self,
        rows: Union[Iterable[Union[Row, Mapping[str, Any]]], Any, None] = None,
        *,
        columns: Optional[Mapping[str, Any]] = None,
        filter: Any = None,
        set: Optional[Mapping[str, Any]] = None,
        ttl: Optional[int] = None,
    ) -> Written:
        """Merges rows into those that are there and returns how many, as :meth:`upsert` does.

        What a row, a dict of fields by their names, brings replaces what is there, None removes it,
        the rest stays; rows whose ids are not there are skipped. With ``filter`` the fields of
        ``set`` go into every row that matches, at most 10,000, in one step.
        """
        if filter is None:
            return Written(self._send("/patch", rows, columns, {"ttl": ttl}))
        if set is None or rows is not None or columns is not None:
            raise InvalidError("patch with a filter takes set, and neither rows nor columns")
        given = {"filter": filter, "set": plain_fields(set), "ttl": ttl}
        request = {name: value for name, value in given.items() if value is not None}
        return Written([self._json("POST", "/patch", request, waits=True)])

    def _send(
        self, route: str, rows: Any, columns: Optional[Mapping[str, Any]], options: Dict[str, Any]
    ) -> Iterator[Any]:
        if (rows is None) == (columns is None):
            raise InvalidError(f"{route[1:]} takes either rows or columns")
        patch = route == "/patch"
        chosen = {name: value for name, value in options.items() if value is not None}
        head = json.dumps(chosen)[1:-1].encode() + (b"," if chosen else b"")
        given = find_columns(rows) if columns is None else columns
        encoded = (
            (f'{{"rows":[{",".join(batch)}]}}'.encode() for batch in batches(rows, nulls=patch))
            if given is None
            else bodies(given, wire.ROWS_PER_REQUEST_MAX, wire.BYTES_PER_REQUEST_MAX)
        )
        for body in encoded:
            yield self._post_batch(route, b"{" + head + body[1:])

    def _post_batch(self, route: str, rows: bytes) -> Any:
        from ._client import bytes_body

        plain = route == "/upsert" and b'"mode":' not in rows[:40] and b'"if_' not in rows
        retry = {"retry": "always"} if plain else {}
        body = bytes_body(rows, "application/json")
        return self._json("POST", route, body=body, waits=True, **retry)

    def delete(
        self,
        ids: Optional[Iterable[Union[str, int]]] = None,
        *,
        filter: Any = None,
        if_versions: Optional[Mapping[Union[str, int], int]] = None,
    ) -> Written:
        """Deletes rows by id, unknown ids ignored, or those that a filter selects; returns how
        many there were, as an int that has the ``token``, too. With ``if_versions``, versions by
        id, all of these ids or none: ``ConflictError`` if a row has another version.
        """
        if ids is None and if_versions is not None:
            ids = list(if_versions)
        if (ids is None) == (filter is None):
            raise InvalidError("delete takes either ids or a filter")
        if isinstance(ids, str):
            raise InvalidError(f"ids must be a list of ids, got the string {ids!r}")
        request = {"filter": filter} if ids is None else {"ids": list(ids)}
        if if_versions is not None:
            request["if_versions"] = {str(id): version for id, version in if_versions.items()}
        retry = {"retry": "always"} if if_versions is None else {}
        return Written([self._json("POST", "/delete", request, **retry)], "deleted")
