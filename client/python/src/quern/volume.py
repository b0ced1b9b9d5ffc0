"""Volumes: versioned file trees."""

from __future__ import annotations

import contextlib
import enum
import os
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Union,
)

from .exception import ConnectionError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from ._batch import BatchUpload
    from ._client import Body, Client
    from ._transport import Response

_BLOCK_BYTES = 1 << 20
_PAGE_ENTRIES = 1_000
_RESUMES_MAX = 5

Source = Union[str, "os.PathLike[str]", IO[bytes]]


class FileEntryType(str, enum.Enum):
    """What an entry of a listing is; equal to the strings ``"file"`` and ``"directory"``."""

    FILE = "file"
    DIRECTORY = "directory"


class FileEntry(NamedTuple):
    """One entry of a listing."""

    path: str
    """From the volume's root, without a leading slash."""
    type: FileEntryType
    mtime: int
    """Seconds since 1970 when the file was put, 0 when unknown."""
    size: int
    """Bytes, 0 for a directory."""
    hash: str
    """Content hash."""


class Commit(NamedTuple):
    """A version of a volume."""

    id: str
    """64 hex digits."""
    parent: Optional[str]
    created_at: str
    """ISO-8601."""
    message: str
    files: int
    size_bytes: int

    @classmethod
    def from_wire(cls, wire: Dict[str, Any]) -> Commit:
        """From its JSON."""
        return cls(
            wire["id"],
            wire.get("parent"),
            wire["created_at"],
            wire.get("message") or "",
            wire["files"],
            wire["size_bytes"],
        )


class Volume:
    """A volume by its name. Reads see its newest commit, or the one that :meth:`at` pins.

    ``put`` and ``put_file`` are durable when they return, but stage the file in a session of this
    object's own: others see it after :meth:`commit`. In ``@app.function(volumes={"/data": vol})``
    it is a read-only directory. Paths have ``/`` between parts; a leading one is ignored.
    """

    objects: VolumeManager

    def __init__(
        self,
        name: str,
        *,
        create_if_missing: bool = False,
        at: Optional[str] = None,
        client: Optional[Client] = None,
    ) -> None:
        self._name = name
        self._create = create_if_missing
        self._created_at = ""
        self._at = at
        self._client = client
        self._session = _new_session()

    @staticmethod
    def from_name(
        name: str, *, create_if_missing: bool = False, client: Optional[Client] = None
    ) -> Volume:
        """The volume of this name. Makes no request: it is created, if that is asked for and there
        is none, at first use; without that an unknown name is ``NotFoundError`` then.
        """
        return Volume(name, create_if_missing=create_if_missing, client=client)

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    def at(self, commit: str) -> Volume:
        """The same volume as it was at a commit (64 hex digits), to read and to mount."""
        return Volume(self._name, at=commit, client=self._client)

    def put(
        self, path: str, data: Union[bytes, bytearray, memoryview, str], *, commit: bool = False
    ) -> None:
        """Stages bytes, or a string as UTF-8, as a file; ``commit=True`` commits at once everything
        that is staged.
        """
        from ._client import bytes_body

        content = data.encode() if isinstance(data, str) else bytes(data)
        self._put(path, bytes_body(content), retry="always", commit=commit)

    def put_file(self, local_file: Source, remote_path: str, *, commit: bool = False) -> None:
        """Stages a local file, by its path or an open binary file, streamed.

        An open file is read from where it stands; a broken transfer of one that cannot seek is not
        tried again.
        """
        body, retry = file_body(local_file)
        self._put(remote_path, body, retry=retry, commit=commit)

    def _put(self, path: str, body: Body, *, retry: str, commit: bool) -> None:
        self._json(
            "PUT",
            self._file(path),
            query={"session": self._session, "commit": commit},
            body=body,
            retry=retry,
            waits=True,
        )

    def batch_upload(self, force: bool = False) -> BatchUpload:
        """``with volume.batch_upload() as batch:`` then ``batch.put_file(local, remote)`` and
        ``batch.put_directory(local, remote)``: all files are sent, eight at a time, and committed
        together at the end; after an error nothing is. Without ``force`` a file that exists is
        ``FileExistsError``.
        """
        from ._batch import BatchUpload

        return BatchUpload(self, force=force)

    def get(self, path: str) -> bytes:
        """A file's bytes. ``NotFoundError`` if there is none."""
        return b"".join(self.read_file(path))

    def read_file(self, path: str) -> Iterator[bytes]:
        """A file's bytes in pieces, all of one commit; a broken connection is resumed where it
        stopped, up to 5 times. ``NotFoundError`` comes with the first piece.
        """
        from ._transport import TransportError

        offset = 0
        at, size = self._at, -1
        resumes = 0
        while True:
            with self._open_file(path, at, offset) as response:
                at = response.headers.get("x-quern-commit", at)
                if offset == 0:
                    size = int(response.headers.get("content-length", -1))
                try:
                    for chunk in _after(response, offset):
                        yield chunk
                        offset += len(chunk)
                    if size < 0 or offset == size:
                        return
                    failure = f"ended at {offset} of {size} bytes"
                except TransportError as e:
                    failure = str(e)
            resumes += 1
            if resumes > _RESUMES_MAX or at is None:
                raise ConnectionError(f"reading {self._name}:{path} broke off: {failure}")

    def _open_file(self, path: str, at: Optional[str], offset: int) -> Response:
        return self._connection().open(
            "GET",
            self._path(self._file(path)),
            query={"at": at},
            headers={"range": f"bytes={offset}-"} if offset else None,
        )

    def get_file(self, remote_path: str, local_file: Source) -> int:
        """Copies a file to a local path, replaced only when all of it has come, or into an open
        binary file. Returns the bytes copied.
        """
        if not isinstance(local_file, (str, os.PathLike)):
            return sum(local_file.write(chunk) or 0 for chunk in self.read_file(remote_path))
        target = os.fspath(local_file)
        partial = f"{target}.{os.urandom(4).hex()}.part"
        try:
            with open(partial, "wb") as file:
                size = sum(file.write(chunk) for chunk in self.read_file(remote_path))
            os.replace(partial, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise
        return size

    def iterdir(self, path: str = "/", *, recursive: bool = True) -> Iterator[FileEntry]:
        """Entries of a directory in path order, read page by page, all of one commit; with
        ``recursive`` the files in it and below, without the directories.
        """
        at, after = self._at, None
        while True:
            page = self._json(
                "GET",
                "/list",
                query={
                    "path": path.strip("/"),
                    "recursive": recursive,
                    "at": at,
                    "after": after,
                    "limit": _PAGE_ENTRIES,
                },
            )
            yield from map(_entry, page["entries"])
            at, after = page["commit"], page.get("next")
            if after is None:
                return

    def listdir(self, path: str = "/", *, recursive: bool = False) -> List[FileEntry]:
        """As :meth:`iterdir`, as a list. ``NotFoundError`` if there is no such directory."""
        return list(self.iterdir(path, recursive=recursive))

    def exists(self, path: str) -> bool:
        """Whether there is a file of this path."""
        try:
            self._connection().open(
                "HEAD", self._path(self._file(path)), query={"at": self._at}
            ).close()
        except NotFoundError:
            return False
        return True

    def remove_file(self, path: str, recursive: bool = False, *, commit: bool = True) -> int:
        """Removes a file, or with ``recursive`` a directory and all in it, in a commit of its own;
        with ``commit=False`` it is staged with the puts instead. Returns how many files.
        """
        session = _new_session() if commit else self._session
        answer = self._json(
            "DELETE",
            self._file(path),
            query={"session": session, "recursive": recursive, "commit": commit},
            retry="if_not_admitted" if commit else "always",
        )
        return int(answer["removed"])

    def commit(self, message: str = "", *, expected_head: Optional[str] = None) -> Commit:
        """Makes what this object staged the newest commit; what others committed since is kept.
        With ``expected_head`` another head than that is ``ConflictError``.
        """
        request = {"session": self._session, "message": message}
        if expected_head is not None:
            request["expected_head"] = expected_head
        return Commit.from_wire(self._json("POST", "/commit", request, waits=True))

    def discard(self) -> None:
        """Forgets what this object staged."""
        self._json("DELETE", "/staged", query={"session": self._session})

    def reload(self) -> None:
        """Nothing to do for this object, whose reads see the newest commit anyway; checks that the
        volume is there. A mounted one stays at the commit that it was mounted with.
        """
        self._json("GET", "")

    def history(self, limit: int = 100) -> List[Commit]:
        """Commits, newest first."""
        answer = self._json("GET", "/commits", query={"limit": limit})
        return [Commit.from_wire(wire) for wire in answer["commits"]]

    def info(self) -> Dict[str, Any]:
        """``name``, ``id``, ``created_at`` and ``head``, the newest commit's id."""
        answer: Dict[str, Any] = self._json("GET", "")
        return answer

    def _json(self, method: str, rest: str, payload: Any = None, **options: Any) -> Any:
        return self._connection().json(method, self._path(rest), payload, **options)

    def _path(self, rest: str) -> str:
        from ._client import segment

        return f"/v1/volumes/{segment(self._name)}{rest}"

    def _file(self, path: str) -> str:
        from urllib.parse import quote

        parts = path.lstrip("/").split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise InvalidError(f'path must have no empty part, "." or "..", got {path!r}')
        return f"/files/{quote('/'.join(parts), safe='/')}"

    def _connection(self) -> Client:
        from ._client import Client

        client = self._client or Client.from_env()
        self._ensure(client)
        return client

    def _ensure(self, client: Client) -> None:
        """Creates the volume if that was asked for and has not been done on this server."""
        if self._create and self._created_at != client.url:
            client.json(
                "POST",
                "/v1/volumes",
                {"name": self._name, "if_not_exists": True},
                retry="always",
            )
            self._created_at = client.url

    def _mount(self) -> Dict[str, Any]:
        mount = {"volume": self._name}
        return mount if self._at is None else dict(mount, at=self._at)

    def __repr__(self) -> str:
        return f"Volume({self._name!r})"


class VolumeManager:
    """``quern.Volume.objects``: volumes as a whole."""

    def create(
        self, name: str, *, allow_existing: bool = False, client: Optional[Client] = None
    ) -> Volume:
        """Creates an empty volume. ``ConflictError`` if there is one, unless that is allowed."""
        request = {"name": name, "if_not_exists": allow_existing}
        retry = "always" if allow_existing else "if_not_admitted"
        _or_default(client).json("POST", "/v1/volumes", request, retry=retry)
        return Volume(name, client=client)

    def list(self, *, client: Optional[Client] = None) -> List[Volume]:
        """All volumes in name order."""
        answer = _or_default(client).json("GET", "/v1/volumes")
        return [Volume(wire["name"], client=client) for wire in answer["volumes"]]

    def delete(
        self, name: str, *, allow_missing: bool = False, client: Optional[Client] = None
    ) -> None:
        """Deletes a volume with its history. ``NotFoundError`` if there is none, unless allowed."""
        from ._client import segment

        try:
            _or_default(client).json("DELETE", f"/v1/volumes/{segment(name)}")
        except NotFoundError:
            if not allow_missing:
                raise


Volume.objects = VolumeManager()


def _new_session() -> str:
    return f"py-{os.urandom(16).hex()}"


def file_body(source: Source) -> tuple[Body, str]:
    """A local file as a request's body, and whether it may be sent again."""
    from ._client import Body

    kind = "application/octet-stream"
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return Body(kind, lambda: _blocks_of_path(path), os.path.getsize(path)), "always"
    file = source
    if not file.seekable():
        return Body(kind, lambda: _blocks(file), None), "never"
    start = file.tell()
    length = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    return Body(kind, _again(file, start), length), "always"


def _again(file: IO[bytes], start: int) -> Callable[[], Iterable[bytes]]:
    def make() -> Iterable[bytes]:
        file.seek(start)
        return _blocks(file)

    return make


def _blocks_of_path(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from _blocks(file)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while True:
        block = file.read(_BLOCK_BYTES)
        if not block:
            return
        yield block


def _after(response: Response, offset: int) -> Iterator[bytes]:
    """The body from ``offset`` on; a server that ignored the range sends what came before too."""
    skip = 0 if response.status == 206 else offset
    for chunk in response.chunks():
        if skip >= len(chunk):
            skip -= len(chunk)
            continue
        yield chunk[skip:]
        skip = 0


def _entry(wire: Dict[str, Any]) -> FileEntry:
    return FileEntry(
        wire["path"],
        FileEntryType(wire["type"]),
        _seconds(wire.get("modified_at")),
        wire["size_bytes"],
        wire.get("hash") or "",
    )


def _seconds(iso: Optional[str]) -> int:
    if not iso:
        return 0
    from datetime import datetime

    whole = iso.split(".")[0].rstrip("Z")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp())


def _or_default(client: Optional[Client]) -> Client:
    from ._client import Client

    return client or Client.from_env()
