"""Inputs and outputs as bytes: pickles between this SDK and Python functions, JSON for the rest.

Classes and functions of a script are pickled by the name that the script has on the other side, so
that they are the same class there, and back.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
from types import FunctionType
from typing import Any, Dict, NamedTuple, Sequence

from ._modules import by_name, is_script, name_in_script, shipped_name
from .exception import InvalidError

PICKLE = "application/x-python-pickle"
JSON = "application/json"
BYTES = "application/octet-stream"
_PROTOCOL = 5


class Payload(NamedTuple):
    """Encoded value."""

    content_type: str
    data: bytes

    def to_wire(self) -> Dict[str, Any]:
        """As a field of a JSON body."""
        wire: Dict[str, Any] = {"content_type": self.content_type, "size_bytes": len(self.data)}
        if self.content_type == JSON:
            wire["json"] = json.loads(self.data)
        else:
            wire["base64"] = base64.b64encode(self.data).decode("ascii")
        return wire


def encode_call(runtime: str, args: Sequence[Any], kwargs: Dict[str, Any]) -> Payload:
    """The input of a call: a pickle of ``(args, kwargs)`` for ``python``, else JSON.

    Raises ``InvalidError`` for a value that cannot be encoded.
    """
    if runtime == "python":
        return Payload(PICKLE, dump((tuple(args), kwargs)))
    try:
        text = json.dumps({"args": list(args), "kwargs": kwargs}, allow_nan=False)
    except (TypeError, ValueError) as e:
        raise InvalidError(
            f"arguments of a {runtime} function travel as JSON and these cannot: {e}"
        ) from e
    return Payload(JSON, text.encode())


def decode(content_type: str, data: bytes) -> Any:
    """The value of an output; bytes when the type is neither JSON nor pickle."""
    kind = content_type.split(";")[0].strip()
    if kind == JSON:
        return json.loads(data)
    if kind == PICKLE:
        return load(data)
    return data


def dump(value: Any) -> bytes:
    """Pickles with the standard library; with cloudpickle, when installed, what that cannot do."""
    out = io.BytesIO()
    try:
        _Pickler(out, _PROTOCOL).dump(value)
        return out.getvalue()
    except Exception as plain:
        try:
            return _dump_by_value(value)
        except ImportError:
            raise InvalidError(
                f"cannot pickle the value: {plain} (lambdas and local functions need cloudpickle, "
                "here and where the function runs)"
            ) from plain
        except Exception as e:
            raise InvalidError(f"cannot pickle the value: {e}") from e


def load(data: bytes) -> Any:
    """The value of a pickle that a function made."""
    return _Unpickler(io.BytesIO(data)).load()


def load_exception(data: bytes) -> BaseException:
    """The exception of a pickle, also when its constructor does not take ``args`` as they are.

    Raises whatever went wrong when it cannot be rebuilt.
    """
    value = _ExceptionUnpickler(io.BytesIO(data)).load()
    if not isinstance(value, BaseException):
        raise TypeError(f"not an exception: {type(value).__name__}")
    return value


def _reduce(value: Any) -> Any:
    if isinstance(value, (type, FunctionType)):
        qualname = name_in_script(value)
        if qualname is not None:
            return by_name, (shipped_name("__main__"), qualname)
    return NotImplemented


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        return _reduce(value)


def _dump_by_value(value: Any) -> bytes:
    import cloudpickle

    class CloudPickler(cloudpickle.Pickler):  # type: ignore[misc,name-defined,unused-ignore]
        def reducer_override(self, obj: Any) -> Any:
            reduced = _reduce(obj)
            return super().reducer_override(obj) if reduced is NotImplemented else reduced

    out = io.BytesIO()
    CloudPickler(out, _PROTOCOL).dump(value)
    return out.getvalue()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return by_name(module, name) if is_script(module) else super().find_class(module, name)


class _ExceptionUnpickler(_Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if isinstance(found, type) and issubclass(found, BaseException):
            return _Rebuild(found)
        return found


class _Rebuild:
    """Stands for an exception class while unpickling. Python rebuilds an exception by calling its
    class with ``args``, which fails when the constructor takes something else.
    """

    def __init__(self, kind: type) -> None:
        self._kind = kind

    def __call__(self, *args: Any) -> BaseException:
        try:
            made = self._kind(*args)
        except Exception:
            made = self._kind.__new__(self._kind, *args)
            made.args = args
        return made  # type: ignore[no-any-return]
