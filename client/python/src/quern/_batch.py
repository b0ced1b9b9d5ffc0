"""Many files into a volume in one commit."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Dict, Iterator, Tuple, Union

from .exception import InvalidError

if TYPE_CHECKING:
    from .volume import Source, Volume

_UPLOADS_AT_ONCE = 8


class BatchUpload:
    """What :meth:`quern.Volume.batch_upload` opens. Files are sent when it closes."""

    def __init__(self, volume: Volume, *, force: bool) -> None:
        from .volume import Volume

        # A session of its own: what the volume object has staged is not committed along.
        self._volume = Volume(volume.name, create_if_missing=volume._create, client=volume._client)
        self._force = force
        self._files: Dict[str, Source] = {}

    def put_file(self, local_file: Source, remote_path: str) -> None:
        """Adds a local file, by its path or an open binary file. ``FileNotFoundError`` if there is
        none; a remote path that ends in ``/`` gets the local name.
        """
        if isinstance(local_file, (str, os.PathLike)):
            local_file = os.fspath(local_file)
            if not os.path.isfile(local_file):
                raise FileNotFoundError(f"no such local file: {local_file}")
            if remote_path.endswith("/"):
                remote_path += os.path.basename(local_file)
        self._add(remote_path, local_file)

    def put_directory(
        self,
        local_path: Union[str, os.PathLike[str]],
        remote_path: str,
        recursive: bool = True,
    ) -> None:
        """Adds the files of a local directory, with ``recursive`` those of its subdirectories too.
        Links to directories are not followed; what is no regular file is left out.
        """
        root = os.fspath(local_path)
        if not os.path.isdir(root):
            raise FileNotFoundError(f"no such local directory: {root}")
        base = remote_path.strip("/")
        for relative, path in _walk(root, recursive):
            self._add(f"{base}/{relative}" if base else relative, path)

    def _add(self, remote_path: str, source: Source) -> None:
        path = remote_path.lstrip("/")
        if path in self._files:
            raise InvalidError(f"two files for {path}")
        self._files[path] = source

    def __enter__(self) -> BatchUpload:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None or not self._files:
            return
        try:
            with ThreadPoolExecutor(_UPLOADS_AT_ONCE, "quern-upload") as pool:
                futures = [pool.submit(self._send, *item) for item in self._files.items()]
                try:
                    for future in futures:
                        future.result()
                except BaseException:
                    for future in futures:
                        future.cancel()
                    raise
        except BaseException:
            self._volume.discard()
            raise
        self._volume.commit(f"upload of {len(self._files)} files")

    def _send(self, path: str, source: Source) -> None:
        if not self._force and self._volume.exists(path):
            raise FileExistsError(
                f"{self._volume.name}:{path} exists: replace it with batch_upload(force=True)"
            )
        self._volume.put_file(source, path)


def _walk(root: str, recursive: bool) -> Iterator[Tuple[str, str]]:
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                yield os.path.relpath(path, root).replace(os.sep, "/"), path
        if not recursive:
            return
