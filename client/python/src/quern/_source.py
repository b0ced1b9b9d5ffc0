"""Ships source code: the modules that define an app's functions, the packages they are in, and the
local modules that these import, as one zip that is the same for the same files.

Only ``.py`` files go; data belongs in a volume. Imports are found by reading the source, so one
made by ``importlib`` with a computed name is not. What is installed (site-packages) is not shipped.
"""

from __future__ import annotations

import ast
import io
import os
import sys
import zipfile
from typing import Dict, Iterable, Iterator, List, Optional

from ._modules import shipped_name
from .exception import InvalidError

ARCHIVE_BYTES_MAX = 256 << 20
_INSTALLED = ("site-packages", "dist-packages")


def archive(modules: Iterable[str]) -> bytes:
    """A zip of everything that the named, imported modules need from this machine.

    Raises ``InvalidError`` when a module has no source file or the zip is over 256 MiB.
    """
    bundle = _Bundle()
    for module in sorted(set(modules)):
        bundle.add_module(module)
    return bundle.zip()


class _Bundle:
    """Files by the name that they have in the zip, ``/`` between parts."""

    def __init__(self) -> None:
        self._files: Dict[str, str] = {}
        self._unread: List[str] = []

    def add_module(self, module: str) -> None:
        """Adds an imported module with its package and the local modules they import."""
        path = _source_file(module)
        name = shipped_name(module)
        parts = name.split(".")
        if parts[0] == "quern" or parts[0] in getattr(sys, "stdlib_module_names", ()):
            raise InvalidError(
                f"{path} would hide the module {parts[0]} where the function runs: rename the file"
            )
        is_package = os.path.basename(path) == "__init__.py"
        root = os.path.dirname(path)
        for _ in parts if is_package else parts[1:]:
            root = os.path.dirname(root)
        if is_package or len(parts) > 1:
            self._add_package(root, parts[0])
        arcname = "/".join(parts) + ("/__init__.py" if is_package else ".py")
        self._add_file(arcname, path)
        installed = any(part in _INSTALLED for part in root.split(os.sep))
        while self._unread:
            imported = _imports(self._unread.pop())
            for top in () if installed else imported:
                self._add_sibling(root, top)

    def _add_sibling(self, root: str, top: str) -> None:
        """Adds ``top`` when it is a module or package in ``root``."""
        if top == "quern":
            return
        if os.path.isfile(os.path.join(root, top + ".py")):
            self._add_file(top + ".py", os.path.join(root, top + ".py"))
        elif os.path.isdir(os.path.join(root, top)):
            self._add_package(root, top)

    def _add_package(self, root: str, top: str) -> None:
        if top + "/" in self._files:
            return
        self._files[top + "/"] = ""
        for path in _python_files(os.path.join(root, top)):
            self._add_file(os.path.relpath(path, root).replace(os.sep, "/"), path)

    def _add_file(self, arcname: str, path: str) -> None:
        known = self._files.get(arcname)
        if known is None:
            self._files[arcname] = path
            self._unread.append(path)
        elif os.path.realpath(known) != os.path.realpath(path):
            raise InvalidError(f"two files would both be {arcname}: {known} and {path}")

    def zip(self) -> bytes:
        out = io.BytesIO()
        size = 0
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive_file:
            for arcname in sorted(self._files):
                if arcname.endswith("/"):
                    continue
                with open(self._files[arcname], "rb") as file:
                    data = file.read()
                size += len(data)
                if size > ARCHIVE_BYTES_MAX:
                    raise InvalidError(f"source is over {ARCHIVE_BYTES_MAX >> 20} MiB at {arcname}")
                entry = zipfile.ZipInfo(arcname, date_time=(1980, 1, 1, 0, 0, 0))
                entry.create_system = 3
                entry.external_attr = 0o644 << 16
                archive_file.writestr(entry, data)
        return out.getvalue()


def _source_file(module: str) -> str:
    path: Optional[str] = getattr(sys.modules.get(module), "__file__", None)
    if path is None or not os.path.isfile(path) or not path.endswith((".py", ".pyw")):
        raise InvalidError(
            f"module {module} has no source file: functions are shipped as source, so define them "
            "in a file, not in an interactive session"
        )
    return os.path.abspath(path)


def _python_files(directory: str) -> Iterator[str]:
    for folder, subfolders, names in os.walk(directory):
        subfolders[:] = [
            name
            for name in subfolders
            if name.isidentifier()
            and name != "__pycache__"
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        ]
        for name in names:
            if name.endswith(".py"):
                yield os.path.join(folder, name)


def _imports(path: str) -> Iterator[str]:
    """Top-level names that a file imports anywhere in it; none if it does not parse."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]
