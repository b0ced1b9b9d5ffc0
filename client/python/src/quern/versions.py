"""Snapshots, histories, branches, rollbacks, renames and aliases of collections."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Union

if TYPE_CHECKING:
    from ._client import Client
    from .collection import Collection


At = Union[str, int, datetime.datetime]
"""What was: a snapshot's name, the token of a write, or a moment."""


def when(at: Optional[At]) -> Optional[str]:
    """``at`` as the server takes it. A ``datetime`` without a time zone is local time."""
    if isinstance(at, datetime.datetime):
        return at.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    if at is None or isinstance(at, str):
        return at
    return str(int(at))


class History(NamedTuple):
    """How far back a collection can be read."""

    seconds: int
    """That what was is kept for, as far as the bound on its bytes allows; 0: it is not."""
    since: Optional[str]
    """The oldest moment that can be read; None while there is no history."""
    since_token: int
    points: int
    bytes: int


class Snapshot(NamedTuple):
    """A snapshot of a collection; its name is the ``at`` of reads."""

    name: str
    token: int
    """The last write that it holds; 0 for none."""
    created_at: str
    rows: int
    bytes: int
    """Of its files; those that the collection or another snapshot has too are stored once."""


class Versioned:
    """What a :class:`Collection` can do as a whole, now and at other times."""

    _name: str
    _client: Optional[Client]

    def _json(self, method: str, rest: str, payload: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    def snapshot(self, name: str, *, at: Optional[At] = None) -> Snapshot:
        """Keeps the rows and fields as they are: with every write that was acknowledged before,
        and none in part; or with ``at`` as they were. ``ConflictError`` if there is a snapshot of
        the name.
        """
        request = {"name": name} if at is None else {"name": name, "at": when(at)}
        return _snapshot(self._json("POST", "/snapshots", request, waits=True))

    def history(self) -> History:
        """How far back ``at`` of reads can go beside snapshots: between ``since`` and now to any
        moment, and to the ``token`` of any write.
        """
        return _history(self._json("GET", "/history"))

    def set_history(self, seconds: int) -> History:
        """Sets for how long what was is kept, up to 2,592,000 s (30 days); 0: it is not."""
        return _history(self._json("PUT", "/history", {"seconds": seconds}))

    def snapshots(self) -> List[Snapshot]:
        """The snapshots in name order."""
        return [_snapshot(wire) for wire in self._json("GET", "/snapshots")["snapshots"]]

    def get_snapshot(self, name: str) -> Snapshot:
        """The snapshot of this name. ``NotFoundError`` if there is none."""
        from ._client import segment

        return _snapshot(self._json("GET", f"/snapshots/{segment(name)}"))

    def delete_snapshot(self, name: str) -> None:
        """Deletes a snapshot; branches that were made of it stay."""
        from ._client import segment

        self._json("DELETE", f"/snapshots/{segment(name)}")

    def branch(self, name: str, *, at: Optional[At] = None) -> Collection:
        """Makes a collection ``name`` that begins with the rows of this one, or with ``at``
        as they were, without copying them. From then on neither sees what becomes of the other.
        """
        from .collection import Collection

        request = {"name": name} if at is None else {"name": name, "at": when(at)}
        self._json("POST", "/branch", request, waits=True)
        return Collection(name, client=self._client)

    def rollback(self, to: At) -> Dict[str, Any]:
        """Returns to a snapshot, a token or a moment: rows and fields are as they were then, what
        was written since is gone. Returns what :meth:`Collection.info` does.
        """
        answer: Dict[str, Any] = self._json("POST", "/rollback", {"to": when(to)}, waits=True)
        return answer

    def rename(self, to: str) -> None:
        """Gives the collection another name, by which this object then means it. Rows, snapshots
        and aliases stay. ``ConflictError`` if a collection or an alias has the name.
        """
        self._json("POST", "/rename", {"to": to})
        self._name = to


class Aliases:
    """What :class:`CollectionManager` can do with aliases: other names of collections."""

    def set_alias(
        self, alias: str, collection: Union[Collection, str], *, client: Optional[Client] = None
    ) -> None:
        """Makes an alias mean a collection, whatever it meant before, from one moment to the next.
        ``ConflictError`` if a collection has the name.
        """
        from ._client import segment

        name = collection if isinstance(collection, str) else collection.name
        _client(client).json("PUT", f"/v1/aliases/{segment(alias)}", {"collection": name})

    def aliases(self, *, client: Optional[Client] = None) -> Dict[str, str]:
        """The aliases with the names of their collections, in name order."""
        answer = _client(client).json("GET", "/v1/aliases")
        return {wire["alias"]: wire["collection"] for wire in answer["aliases"]}

    def delete_alias(self, alias: str, *, client: Optional[Client] = None) -> None:
        """Takes an alias away; its collection stays. ``NotFoundError`` if there is none."""
        from ._client import segment

        _client(client).json("DELETE", f"/v1/aliases/{segment(alias)}")


def _client(client: Optional[Client]) -> Client:
    from ._client import Client

    return client or Client.from_env()


def _history(wire: Dict[str, Any]) -> History:
    return History(*(wire.get(name) for name in History._fields))


def _snapshot(wire: Dict[str, Any]) -> Snapshot:
    return Snapshot(*(wire[name] for name in Snapshot._fields))
