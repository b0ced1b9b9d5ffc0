"""Under which name a local module goes by on the other side: the script that python was started
with is ``__main__`` here, but is imported by its own name there.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any, Optional

_script_is_shipped = False


def ship_script() -> None:
    """Notes that the script defines functions, so that the other side has it too."""
    global _script_is_shipped
    _script_is_shipped = True


def shipped_name(module: str) -> str:
    """``module`` itself, or for ``__main__`` the name that its file is shipped under."""
    if module != "__main__":
        return module
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name:
        name = str(spec.name)
        return name[: -len(".__main__")] if name.endswith(".__main__") else name
    path = getattr(main, "__file__", None)
    return "__main__" if path is None else module_name_of(path)


def module_name_of(path: str) -> str:
    """An importable name for a source file: its stem, ``_`` for what no identifier may have."""
    name = re.sub(r"\W", "_", os.path.splitext(os.path.basename(path))[0])
    return f"_{name}" if not name or name[0].isdigit() else name


def is_script(module: str) -> bool:
    """Whether ``module``, as named on the other side, is the script that runs here."""
    return _script_is_shipped and module == shipped_name("__main__")


def by_name(module: str, qualname: str) -> Any:
    """The class or function of that name; pickles of a script's own classes refer to them so."""
    import importlib

    found: Any = sys.modules["__main__"] if is_script(module) else importlib.import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part)
    return found


def name_in_script(value: Any) -> Optional[str]:
    """The qualified name by which ``value``, a class or function, can be found in the script that
    was shipped; else ``None``.
    """
    if not _script_is_shipped or getattr(value, "__module__", None) != "__main__":
        return None
    qualname = getattr(value, "__qualname__", "")
    found: Any = sys.modules["__main__"]
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return qualname if found is value else None


def known_class(module: str, name: str) -> Optional[type]:
    """The class of that name in a module that is imported already."""
    found = getattr(sys.modules.get("__main__" if is_script(module) else module), name, None)
    return found if isinstance(found, type) else None
