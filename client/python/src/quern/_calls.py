"""What became of a call: its value, or the exception to raise; logs and receipts on the way."""

from __future__ import annotations

import base64
import sys
import threading
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, TextIO

from . import _modules, _payload
from .exception import (
    ExecutionError,
    FunctionTimeoutError,
    InputCancellation,
    NotFoundError,
    OutputExpiredError,
)

if TYPE_CHECKING:
    from ._client import Client

FINISHED = frozenset(("succeeded", "failed", "timed_out", "cancelled"))


class Receipt(NamedTuple):
    """What a call used; times in milliseconds."""

    queue_ms: float
    """Waiting for a process."""
    cold_ms: float
    """Starting a process; 0 when a warm one served."""
    run_ms: float
    """In the function."""
    cpu_ms: float
    """CPU time of the process during the call."""
    peak_memory_bytes: int
    input_bytes: int
    output_bytes: int
    cold_start: bool
    attempt: int
    instance: str
    sandbox: str
    """``bwrap``, ``unshare`` or ``none``."""
    placement: str
    """Why it ran where it did."""

    @classmethod
    def from_wire(cls, wire: Dict[str, Any]) -> Receipt:
        """A receipt from its JSON; what a server does not tell is zero or empty."""
        empty = cls(0.0, 0.0, 0.0, 0.0, 0, 0, 0, False, 1, "", "", "")
        return empty._replace(**{name: wire[name] for name in cls._fields if name in wire})


class RemoteTraceback(Exception):
    """Cause of a re-raised exception: the traceback of the function's own side, as text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text.rstrip()}\n"""'


class Settled(NamedTuple):
    """How a call ended: with a value, or with a failure."""

    value: Any
    failure: Optional[BaseException]


def settle(client: Client, call: Dict[str, Any]) -> Settled:
    """How a finished call ended; raises only when the output cannot be fetched."""
    _observe(call)
    failure = exception_of(call)
    return Settled(None, failure) if failure else Settled(_output(client, call), None)


def outcome(client: Client, call: Dict[str, Any]) -> Any:
    """The value of a finished call; raises what the function raised, or why it did not return."""
    settled = settle(client, call)
    if settled.failure is not None:
        raise settled.failure
    return settled.value


def exception_of(call: Dict[str, Any]) -> Optional[BaseException]:
    """Why a finished call did not succeed; ``None`` if it did."""
    status = call["status"]
    if status == "succeeded":
        return None
    error = call.get("error") or {}
    reason = error.get("reason") or {"timed_out": "timeout"}.get(status, status)
    message = f"call {call['id']} of {call['function']}: {_describe(error, reason)}"
    details = {"reason": reason, "call_id": call["id"], "type": error.get("type") or ""}
    if reason == "timeout":
        return FunctionTimeoutError(message, details=details)
    if reason == "cancelled":
        return InputCancellation(message, details=details)
    rebuilt = _rebuild(error)
    if rebuilt is not None:
        return rebuilt
    if error.get("traceback"):
        message = f"{message}\nremote traceback:\n{error['traceback'].rstrip()}"
    return ExecutionError(message, details=details)


def _describe(error: Dict[str, Any], reason: str) -> str:
    text = ": ".join(part for part in (error.get("type"), error.get("message")) if part)
    if reason == "exception":
        return text or reason
    return f"{reason}: {text}" if text else reason


def _rebuild(error: Dict[str, Any]) -> Optional[BaseException]:
    failure = _unpickled(error.get("pickle")) or _of_type(error)
    if failure is not None and error.get("traceback"):
        failure.__cause__ = RemoteTraceback(error["traceback"])
    return failure


def _unpickled(pickle: Optional[str]) -> Optional[Exception]:
    if not pickle:
        return None
    try:
        failure = _payload.load_exception(base64.b64decode(pickle))
    except Exception:
        return None
    return failure if isinstance(failure, Exception) else None


def _of_type(error: Dict[str, Any]) -> Optional[Exception]:
    """An exception that cannot be pickled, by its class, when that is known here, with its message
    alone.
    """
    if error.get("reason") != "exception":
        return None
    module, _, name = str(error.get("type") or "").rpartition(".")
    kind = _modules.known_class(module or "builtins", name)
    if kind is None or not issubclass(kind, Exception):
        return None
    message = error.get("message") or ""
    try:
        failure: Exception = kind.__new__(kind, message)
    except Exception:
        return None
    failure.args = (message,)
    return failure


def _output(client: Client, call: Dict[str, Any]) -> Any:
    output = call.get("output") or {}
    content_type = output.get("content_type") or _payload.JSON
    if output.get("base64") is not None:
        return _payload.decode(content_type, base64.b64decode(output["base64"]))
    if not output.get("href"):
        return output.get("json")
    try:
        with client.open("GET", f"/v1/calls/{call['id']}/output", waits=True) as response:
            content_type = response.headers.get("content-type", content_type)
            return _payload.decode(content_type, response.read())
    except NotFoundError as e:
        raise OutputExpiredError(f"output of call {call['id']} is no longer kept") from e


class Output:
    """While open: what functions print goes to ``stream`` and receipts are kept.

    ``with quern.enable_output():`` as in Modal; ``quern run`` opens one.
    """

    def __init__(self, stream: Optional[TextIO] = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self.finished: List[Dict[str, Any]] = []
        """``{id, function, status, receipt}`` of each call that ended, the last 10,000."""

    def __enter__(self) -> Output:
        _outputs.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _outputs.remove(self)

    def observe(self, call: Dict[str, Any]) -> None:
        """Takes a finished call, once."""
        with self._lock:
            if call["id"] in self._seen or len(self.finished) >= 10_000:
                return
            self._seen.add(call["id"])
            kept = ("id", "function", "version", "status", "index", "receipt")
            self.finished.append({name: call.get(name) for name in kept})
            logs = call.get("logs") or ""
            if logs:
                stream = self._stream or sys.stderr
                stream.write(logs if logs.endswith("\n") else logs + "\n")
                stream.flush()


enable_output = Output
_outputs: List[Output] = []


def _observe(call: Dict[str, Any]) -> None:
    for output in list(_outputs):
        output.observe(call)
