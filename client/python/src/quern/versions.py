"""Snapshots, branches, rollbacks, renames and aliases of collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Union

if TYPE_CHECKING:
    from ._client import Client
    from .collection import Collection


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

    def snapshot(self, name: str) -> Snapshot:
        """Keeps the rows and fields as they are: with every write that was acknowledged before,
        and none in part. ``ConflictError`` if there is a snapshot of the name.
        """
        return _snapshot(self._json("POST", "/snapshots", {"name": name}, waits=True))

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

    def branch(self, name: str, *, at: Optional[str] = None) -> Collection:
        """Makes a collection ``name`` that begins with the rows of this one, or of a snapshot of
        it, without copying them. From then on neither sees what becomes of the other.
        """
        from .collection import Collection

        request = {"name": name} if at is None else {"name": name, "at": at}
        self._json("POST", "/branch", request, waits=True)
        return Collection(name, client=self._client)

    def rollback(self, to: str) -> Dict[str, Any]:
        """Returns to a snapshot: rows and fields are as they were then, what was written since is
        gone. Returns what :meth:`Collection.info` does.
        """
        answer: Dict[str, Any] = self._json("POST", "/rollback", {"to": to}, waits=True)
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


def _snapshot(wire: Dict[str, Any]) -> Snapshot:
    return Snapshot(*(wire[name] for name in Snapshot._fields))
