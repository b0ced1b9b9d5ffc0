"""Collections: rows with an id, texts, attributes and vectors, found by vectors or by words."""

from __future__ import annotations

import os
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from ._writes import Writable
from .exception import InvalidError, NotFoundError, QuernError, UnavailableError, from_code
from .rows import (
    Row,
    SearchResult,
    SyncProgress,
    Written,
    leg_of,
    query_vector,
    to_hit,
    to_row,
)
from .versions import Aliases, At, Versioned, when
from .volume import Volume

if TYPE_CHECKING:
    import pyarrow

    from ._client import Client

_PAGE_ROWS = 500


class Collection(Writable, Versioned):
    """A collection by its name."""

    objects: CollectionManager

    def __init__(
        self,
        name: str,
        *,
        create: Optional[Dict[str, Any]] = None,
        client: Optional[Client] = None,
    ) -> None:
        self._name = name
        self._create = create
        self._created_at = ""
        self._client = client

    @staticmethod
    def from_name(
        name: str,
        *,
        create_if_missing: bool = False,
        dims: Optional[int] = None,
        metric: Optional[str] = None,
        model: Optional[str] = None,
        schema: Optional[Mapping[str, Any]] = None,
        client: Optional[Client] = None,
    ) -> Collection:
        """The collection of this name. Makes no request: with ``create_if_missing`` it is created,
        if there is none, at first use; else an unknown name is ``NotFoundError`` then.

        ``dims`` of the vectors, 1 to 16,384, may be left out with ``model``, the embedding model
        for rows and queries that come as text; ``metric`` is ``cosine`` (default), ``dot`` or
        ``l2``. ``schema`` gives more fields, or all of them: ``{"vectors": {"title": {"dims": 384,
        "model": "all-MiniLM-L6-v2", "source": "title"}}, "texts": {"title": {"analyzer":
        "german"}}, "attributes": {"when": "datetime"}, "strict": True, "id": "uint64"}``; ``id``
        says what row ids are, ``string`` or ``uint64`` (ints); left out, the first rows decide. An
        existing collection that lacks a field, or has it with another type, is ``ConflictError``.
        """
        shape = {"dims": dims, "metric": metric, "model": model, "schema": schema}
        given = {key: value for key, value in shape.items() if value is not None}
        if not create_if_missing:
            return Collection(name, client=client)
        if dims is None and model is None and schema is None:
            raise InvalidError(f"collection {name}: give dims or model or schema to create it")
        return Collection(name, create=given, client=client)

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    def add_fields(
        self,
        *,
        vectors: Optional[Mapping[str, Mapping[str, Any]]] = None,
        texts: Optional[Mapping[str, Mapping[str, Any]]] = None,
        attributes: Optional[Mapping[str, str]] = None,
        strict: Optional[bool] = None,
    ) -> Dict[str, Any]:
        """Adds fields, in the form of ``schema`` in :meth:`from_name`, and returns what
        :meth:`info` does. A field that is there with the same type is left as it is; one with
        another type is ``ConflictError``. ``strict`` says whether rows may bring attributes that
        are not declared; None leaves it as it is.
        """
        fields = {"vectors": vectors, "texts": texts, "attributes": attributes, "strict": strict}
        given = {key: value for key, value in fields.items() if value is not None}
        answer: Dict[str, Any] = self._json("PATCH", "", given, retry="always")
        return answer

    def search(
        self,
        text: Optional[str] = None,
        *,
        vector: Optional[Iterable[float]] = None,
        mode: Optional[str] = None,
        limit: int = 10,
        filter: Any = None,
        include_vector: bool = False,
        exact: bool = False,
        legs: Optional[Sequence[Mapping[str, Any]]] = None,
        fusion: Optional[Mapping[str, Any]] = None,
        fields: Optional[Sequence[str]] = None,
        exclude: Optional[Sequence[str]] = None,
        after: Optional[str] = None,
        timeout_ms: Optional[int] = None,
        explain: bool = False,
        at: Optional[At] = None,
        include_version: bool = False,
        consistency: Optional[str] = None,
        at_least: Optional[int] = None,
    ) -> SearchResult:
        """Finds rows by ``text``, by ``vector`` or by both; best first, at most ``limit``, which is
        1 to 1,000.

        ``mode`` is ``dense`` (nearest vectors), ``bm25`` (words) or ``hybrid`` (both, fused);
        default hybrid with text, dense with a vector alone. For the dense leg the text is embedded
        by the collection's model unless a vector is given. ``exact`` scans every vector.
        ``filter`` is ``{"eq": [field, value]}``, ``{"in": [field, [values]]}`` (or ``any``),
        ``{"all": [field, [values]]}``, ``{"range": [field, {"gte": 1, "lt": 9}]}``,
        ``{"exists": field}``, ``{"prefix": [field, "a"]}``, ``{"contains": [field, value]}``, or
        ``and``, ``or`` (of a list) and ``not`` of these.

        ``legs`` names the fields instead of ``text``, ``vector``, ``mode`` and ``exact``: up to 8
        of ``{"dense": {"field": "title", "text": "..."}, "weight": 2}`` (or ``vector``) and
        ``{"bm25": {"text": "...", "fields": {"title": 3}}}`` (or ``query``, with ``"phrases"``,
        ``prefix*``, ``+required``, ``-excluded``, ``field:word``); ``fusion`` makes one ranking of
        them: ``{"method": "rrf", "k": 60}`` (default) or ``{"method": "weighted"}``.

        ``fields`` are those that hits have, default every text and attribute; ``exclude`` those
        that they have not. ``after`` is the ``next`` of an earlier result. With ``timeout_ms`` the
        answer is what was found by then. ``explain`` tells how each leg was run.
        ``at`` is what to search: a snapshot's name, the token of a write, or a ``datetime``
        (or RFC 3339 text) within the history; default the rows as they are now.
        ``include_version`` gives hits their ``version`` and ``expires_at``. ``consistency`` is
        ``strong`` (default: every acknowledged write is seen) or ``eventual`` (what is visible
        already, at most a second behind); ``at_least`` instead is the ``token`` of a write that
        must be seen.
        """
        if text is not None and not isinstance(text, str):
            raise InvalidError(f"text must be a string, got {type(text).__name__}: use vector=")
        request = {
            "text": text,
            "vector": None if vector is None else query_vector(vector),
            "mode": mode,
            "limit": limit,
            "filter": filter,
            "include_vector": include_vector or None,
            "exact": exact or None,
            "legs": None if legs is None else [leg_of(leg) for leg in legs],
            "fusion": fusion,
            "fields": None if fields is None else list(fields),
            "exclude": None if exclude is None else list(exclude),
            "after": after,
            "timeout_ms": timeout_ms,
            "explain": explain or None,
            "at": when(at),
            "include_version": include_version or None,
            "consistency": consistency,
            "at_least": at_least,
        }
        request = {name: value for name, value in request.items() if value is not None}
        answer = self._json("POST", "/search", request, retry="always")
        result = SearchResult(to_hit(wire) for wire in answer["hits"])
        result.mode = answer["mode"]
        result.took_ms = answer["took_ms"]
        result.rows = answer.get("rows", 0)
        result.next = answer.get("next")
        result.partial = bool(answer.get("partial"))
        result.plans = answer.get("plans")
        result.performance = answer.get("performance") or {}
        return result

    def get(
        self,
        id: Union[str, int],
        *,
        at: Optional[At] = None,
        include_version: bool = False,
        consistency: Optional[str] = None,
        at_least: Optional[int] = None,
    ) -> Row:
        """The row of this id, with its vector; with ``at``, as it was; the rest as in
        :meth:`search`. ``NotFoundError`` if there is none.
        """
        from ._client import segment

        query = {
            "at": when(at),
            "include_version": include_version or None,
            "consistency": consistency,
            "at_least": at_least,
        }
        return to_row(self._json("GET", f"/rows/{segment(str(id))}", query=query))

    def rows(
        self,
        *,
        include_vector: bool = False,
        at: Optional[At] = None,
        include_version: bool = False,
        consistency: Optional[str] = None,
        at_least: Optional[int] = None,
    ) -> Iterator[Row]:
        """Every row in id order, read page by page; rows written meanwhile may be seen or not.
        With ``at``, every row that was; the rest as in :meth:`search`.
        """
        after = None
        while True:
            query = {
                "after": after,
                "limit": _PAGE_ROWS,
                "include_vector": include_vector,
                "at": when(at),
                "include_version": include_version or None,
                "consistency": consistency,
                "at_least": at_least,
            }
            page = self._json("GET", "/rows", query=query)
            yield from map(to_row, page["rows"])
            after = page.get("next")
            if after is None:
                return

    def count(
        self,
        *,
        filter: Any = None,
        at: Optional[At] = None,
        consistency: Optional[str] = None,
        at_least: Optional[int] = None,
    ) -> int:
        """How many rows there are, or with a filter, as in :meth:`search`, how many match; with
        ``at``, of what was; the rest as in :meth:`search`.
        """
        given = {
            "filter": filter,
            "at": when(at),
            "consistency": consistency,
            "at_least": at_least,
        }
        request = {name: value for name, value in given.items() if value is not None}
        return int(self._json("POST", "/count", request, retry="always")["count"])

    def stats(self, *, at: Optional[At] = None) -> Dict[str, Any]:
        """How the rows, or those of a snapshot, are indexed: ``rows``, ``segments``, ``merging``
        and, in ``vectors`` by field, ``rows``, ``fused_rows``, ``hot_rows``, ``hnsw_rows``,
        ``formats`` (rows by how their segments keep the vectors) and, once recent searches were
        compared with exact ones in idle time, ``recall``: ``recall`` (of the ten nearest),
        ``queries`` and ``at``; and ``tuned``, if the width of searches was tuned or set by hand.
        """
        answer: Dict[str, Any] = self._json("GET", "/stats", query={"at": when(at)})
        return answer

    def tune(
        self,
        *,
        field: Optional[str] = None,
        target: float = 0.95,
        k: int = 10,
        queries: int = 200,
        max_width: Optional[int] = None,
        timeout: float = 30.0,
        keep: bool = True,
    ) -> Dict[str, Any]:
        """Finds how wide searches must walk to find ``target`` of the ``k`` nearest rows, in one
        vector field or in each, by recent queries and the vectors of stored rows; with ``keep``
        searches that say no width take it from now on. Takes seconds, ``timeout`` at most;
        searches and writes go on meanwhile.

        Returns by field ``outcome`` (``reached``, ``unreached``, ``exact``, ``out_of_time``,
        ``cancelled``), ``message``, ``width``, ``kept``, ``rows``, ``live_queries``,
        ``stored_queries`` and ``steps``: each width tried with its ``recall``,
        ``recall_at_least`` (with a confidence of 95 %), ``median_micros`` and ``visited``.
        """
        given = {
            "field": field,
            "target": target,
            "k": k,
            "queries": queries,
            "max_width": max_width,
            "timeout_ms": round(timeout * 1000),
            "keep": keep,
        }
        request = {name: value for name, value in given.items() if value is not None}
        answer: Dict[str, Any] = self._json("POST", "/tune", request, waits=True)["fields"]
        return answer

    def cancel_tune(self) -> bool:
        """Ends the tuning that is under way, which keeps nothing; returns whether there was one."""
        return bool(self._json("POST", "/tune/cancel", {}, retry="always")["cancelled"])

    def widths(self, *, at: Optional[str] = None) -> Dict[str, Any]:
        """The widths that were tuned or set by hand, by vector field: ``width`` and, of a tuned
        one, ``target``, ``k``, ``recall``, ``queries``, ``rows`` and ``at``.
        """
        answer: Dict[str, Any] = self._json("GET", "/tune", query={"at": at})["widths"]
        return answer

    def set_width(self, width: Optional[int], *, field: Optional[str] = None) -> Dict[str, Any]:
        """Sets by hand the width that searches of a vector field take unless they say another;
        None has them take the default again, without ``field`` in every field. Returns
        :meth:`widths`.
        """
        if width is None:
            answer: Dict[str, Any] = self._json("DELETE", "/tune", query={"field": field})
        else:
            request = {"width": width} if field is None else {"width": width, "field": field}
            answer = self._json("PUT", "/tune", request)
        widths: Dict[str, Any] = answer["widths"]
        return widths

    def merge(self) -> bool:
        """Begins at once the merge that an idle collection comes to by itself; returns whether one
        is under way.
        """
        return bool(self._json("POST", "/merge", {}, retry="always")["merging"])

    def info(self, *, at: Optional[At] = None) -> Dict[str, Any]:
        """``name``, ``id``, ``created_at``, ``rows``, ``schema``, ``aliases`` if there are any and,
        of the field ``vector``, ``dims``, ``metric`` and ``model``; with ``at``, ``rows`` and
        fields as a snapshot has them.
        """
        answer: Dict[str, Any] = self._json("GET", "", query={"at": when(at)})
        return answer

    def sync(
        self,
        volume: Union[Volume, str],
        glob: str = "**",
        *,
        at: Optional[str] = None,
        progress: Optional[Callable[[SyncProgress], None]] = None,
    ) -> SyncProgress:
        """Brings the rows in step with a volume's text files and returns what was done.

        What changed since the last sync is split into passages, embedded and written; rows of
        files that are gone are deleted. ``at`` is a commit, default the newest. ``progress`` is
        called with each report, the last one included. After a broken connection another sync
        goes on where this one stopped.
        """
        request = {"volume": volume if isinstance(volume, str) else volume.name, "glob": glob}
        if at is not None:
            request["at"] = at
        from ._client import json_body

        events = self._connection().lines(
            "POST", self._path("/sync"), body=json_body(request), waits=True
        )
        for event in events:
            if event["type"] == "error":
                raise _sync_error(event.get("error") or {})
            report = SyncProgress(*(event.get(name) for name in SyncProgress._fields))
            if progress is not None:
                progress(report)
            if report.type == "done":
                return report
        raise UnavailableError(f"sync of collection {self._name} ended without saying how")

    def export_file(
        self,
        path: Union[str, os.PathLike[str]],
        *,
        format: Optional[str] = None,
        at: Optional[At] = None,
    ) -> int:
        """Writes every row of one moment with its vectors, and the schema, to a file; returns how
        many. ``at`` is as in :meth:`search`. ``format`` is ``jsonl``, ``arrow`` (an IPC file) or
        ``parquet``, default by the file's name; all but ``jsonl`` need
        ``pip install quern[arrow]``. ``-`` is standard output.
        """
        from . import _files

        return _files.export_rows(self, path, format, when(at))

    def to_parquet(self, path: Union[str, os.PathLike[str]]) -> int:
        """:meth:`export_file` as Parquet."""
        return self.export_file(path, format="parquet")

    def import_file(
        self, path: Union[str, os.PathLike[str]], *, format: Optional[str] = None
    ) -> int:
        """Upserts the rows of a file, and returns how many; one that broke off is simply repeated.

        If the file was exported, the collection is created where there is none, and gets the fields
        that it lacks; a field of another type is ``ConflictError``. Another file has a column for
        each field by its name; lists of numbers become vectors where the collection has a vector
        field of that name.
        """
        from . import _files

        return _files.import_rows(self, path, format)

    def to_arrow(self, *, columns: bool = False, at: Optional[At] = None) -> pyarrow.Table:
        """All rows as they are at one moment, or with ``at`` as they were, over Arrow Flight:
        ``id``, a string column for each text field, ``attributes`` (JSON) and a fixed-size list of
        float32 for each vector field; that is ``id, text, attributes, vector`` where no
        fields were named. Null is what a row lacks. With ``columns`` each attribute is a column of
        its own type instead, and ``expires_at`` is when a row is gone. Needs ``pip install quern[arrow]``.
        """
        from . import _flight

        return _flight.read_rows(self._connection(), self._name, columns, when(at))

    def upsert_arrow(
        self,
        rows: Any,
        *,
        columns: bool = False,
        mode: Optional[str] = None,
        ttl: Optional[int] = None,
    ) -> Written:
        """Writes a ``pyarrow.Table``, a ``RecordBatch`` or an iterable of batches with columns of
        :meth:`to_arrow`, over Arrow Flight; returns how many rows were written, as :meth:`upsert`
        does. All but ``id`` and a collection's only vector field may be left out. Each batch is
        durable when acknowledged; all are when this returns.

        ``mode`` is ``upsert`` (default), ``insert``, ``update`` or ``patch``: a patch needs no
        vector, null removes, and columns that are not there stay as they are. ``ttl`` is as in
        :meth:`upsert`. Columns ``if_version``, ``if_absent``, ``expires_at`` and ``ttl`` say of
        each row what the keys of a row in :meth:`upsert` say; a row of another version makes its
        batch, of up to 8,192 rows and 14 MiB, ``ConflictError``, and what follows is not sent.
        """
        from . import _flight

        return _flight.write_rows(self._connection(), self._name, rows, columns, mode, ttl)

    def _json(self, method: str, rest: str, payload: Any = None, **options: Any) -> Any:
        return self._connection().json(method, self._path(rest), payload, **options)

    def _lines(self, method: str, rest: str, **options: Any) -> Iterator[Any]:
        return self._connection().lines(method, self._path(rest), **options)

    def _path(self, rest: str) -> str:
        from ._client import segment

        return f"/v1/collections/{segment(self._name)}{rest}"

    def _connection(self) -> Client:
        from ._client import Client

        client = self._client or Client.from_env()
        if self._create is not None and self._created_at != client.url:
            request = dict(self._create, name=self._name, if_not_exists=True)
            client.json("POST", "/v1/collections", request, retry="always")
            self._created_at = client.url
        return client

    def __repr__(self) -> str:
        return f"Collection({self._name!r})"


class CollectionManager(Aliases):
    """``quern.Collection.objects``: collections as a whole."""

    def list(self, *, client: Optional[Client] = None) -> List[Collection]:
        """All collections in name order."""
        from ._client import Client

        answer = (client or Client.from_env()).json("GET", "/v1/collections")
        return [Collection(wire["name"], client=client) for wire in answer["collections"]]

    def delete(
        self, name: str, *, allow_missing: bool = False, client: Optional[Client] = None
    ) -> None:
        """Deletes a collection with its snapshots and aliases. ``NotFoundError`` if there is none,
        unless allowed; ``ConflictError`` if the name is an alias.
        """
        from ._client import Client, segment

        try:
            (client or Client.from_env()).json("DELETE", f"/v1/collections/{segment(name)}")
        except NotFoundError:
            if not allow_missing:
                raise


Collection.objects = CollectionManager()


def _sync_error(error: Dict[str, Any]) -> QuernError:
    return from_code(error.get("code"), error.get("message") or "", error.get("details") or {})
