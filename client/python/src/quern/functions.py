"""Functions that run on the server, and handles of their calls."""

from __future__ import annotations

import time
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
)

from . import _unsupported
from .exception import ExecutionError, InvalidError, TimeoutError

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from ._calls import Receipt
    from ._client import Client
    from ._map import Target
    from .app import App

    P = ParamSpec("P")
else:
    P = TypeVar("P")
R = TypeVar("R")

_WAIT_SECONDS_MAX = 60.0


class FunctionOptions(NamedTuple):
    """What ``@app.function`` was given; ``None`` leaves the server's default."""

    volumes: Mapping[str, Any]
    timeout: Optional[float]
    memory: Optional[int]
    max_containers: Optional[int]
    scaledown_window: Optional[float]


class Function(Generic[P, R]):
    """A function that runs in a sandboxed process on the server.

    Made by ``@app.function()``, or by :meth:`from_name` for one that is deployed. Arguments and
    results of Python functions travel as pickles, those of Java functions as JSON. What the
    function raises is raised here as the same type, with the remote traceback as its cause;
    ``FunctionTimeoutError`` when it ran too long, ``ExecutionError`` when there is no exception of
    its own to raise.
    """

    def __init__(
        self,
        *,
        name: str,
        app: Optional[App] = None,
        raw_f: Optional[Callable[P, R]] = None,
        options: Optional[FunctionOptions] = None,
        client: Optional[Client] = None,
    ) -> None:
        self._name = name
        self._app = app
        self._raw_f = raw_f
        self._options = options
        self._client = client
        self._found: Optional[Target] = None
        if raw_f is not None:
            self.__name__ = getattr(raw_f, "__name__", name)
            self.__qualname__ = getattr(raw_f, "__qualname__", name)
            self.__module__ = raw_f.__module__
            self.__doc__ = raw_f.__doc__
            self.__wrapped__ = raw_f

    @staticmethod
    def from_name(
        app_name: str, name: Optional[str] = None, *, client: Optional[Client] = None
    ) -> Function[..., Any]:
        """A deployed function: ``name`` of the app ``app_name``, or, with one argument, the
        function that the server knows by that very name (a Java function, for instance).

        Makes no request; an unknown name is ``NotFoundError`` at first use.
        """
        return Function(
            name=app_name if name is None else server_name(app_name, name), client=client
        )

    @property
    def name(self) -> str:
        """Its name within its app, or the name it was looked up by."""
        return self._name

    @property
    def app(self) -> Optional[App]:
        """The app that defines it; ``None`` when it was looked up."""
        return self._app

    @property
    def options(self) -> Optional[FunctionOptions]:
        """What ``@app.function`` was given; ``None`` when it was looked up."""
        return self._options

    @property
    def raw_f(self) -> Callable[P, R]:
        """The undecorated function. ``ExecutionError`` when this one was looked up."""
        if self._raw_f is None:
            raise ExecutionError(f"function {self._name} was looked up: its code is not here")
        return self._raw_f

    def local(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs it in this process."""
        return self.raw_f(*args, **kwargs)

    def remote(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs it on the server and waits for its result, however long it takes."""
        from ._calls import outcome

        target = self._target()
        result: R = outcome(target.client, target.call(target.encode(args, kwargs)))
        return result

    def spawn(self, *args: P.args, **kwargs: P.kwargs) -> FunctionCall[R]:
        """Queues a call, durably, and returns its handle at once."""
        target = self._target()
        call = target.spawn(target.encode(args, kwargs))
        return FunctionCall(call["id"], client=target.client)

    def map(
        self,
        *input_iterators: Iterable[Any],
        kwargs: Optional[Mapping[str, Any]] = None,
        order_outputs: bool = True,
        return_exceptions: bool = False,
    ) -> Iterator[Any]:
        """Calls it with each input, in parallel; several iterators are zipped into arguments.

        Results come in input order, or with ``order_outputs=False`` as they complete. The first
        failure is raised, or with ``return_exceptions`` the exception stands in the result's
        place; an error of an input iterator is always raised. Inputs are read lazily, at most
        1,000 ahead of the results taken. Nothing runs before the first result is asked for.
        """
        inputs = zip(*input_iterators)
        return self._fan_out(inputs, kwargs, order_outputs, return_exceptions)

    def starmap(
        self,
        input_iterator: Iterable[Tuple[Any, ...]],
        *,
        kwargs: Optional[Mapping[str, Any]] = None,
        order_outputs: bool = True,
        return_exceptions: bool = False,
    ) -> Iterator[Any]:
        """As :meth:`map`, each input being a tuple of arguments."""
        return self._fan_out(input_iterator, kwargs, order_outputs, return_exceptions)

    def for_each(
        self,
        *input_iterators: Iterable[Any],
        kwargs: Optional[Mapping[str, Any]] = None,
        ignore_exceptions: bool = False,
    ) -> None:
        """Calls it with each input and waits for all; results are dropped."""
        results = self.map(
            *input_iterators,
            kwargs=kwargs,
            order_outputs=False,
            return_exceptions=ignore_exceptions,
        )
        for _ in results:
            pass

    def _fan_out(
        self,
        inputs: Iterable[Iterable[Any]],
        kwargs: Optional[Mapping[str, Any]],
        order_outputs: bool,
        return_exceptions: bool,
    ) -> Iterator[Any]:
        from ._map import run

        named = dict(kwargs or {})
        return run(
            self._target(),
            ((tuple(args), named) for args in inputs),
            order_outputs=order_outputs,
            return_exceptions=return_exceptions,
        )

    def _target(self) -> Target:
        if self._app is not None:
            return self._app._target_of(self)
        if self._found is None:
            from ._client import Client, segment
            from ._map import Target

            client = self._client or Client.from_env()
            body = client.json("GET", f"/v1/functions/{segment(self._name)}")
            self._found = Target(client, self._name, body["runtime"])
        return self._found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        raise InvalidError(
            f"function {self._name} is not called directly: use .remote() to run it on the server, "
            ".local() to run it here"
        )

    def __getattr__(self, name: str) -> Any:
        if name in _unsupported.FUNCTION:
            raise _unsupported.error(f"Function.{name}")
        raise AttributeError(f"Function has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"Function({self._name!r})"


class FunctionCall(Generic[R]):
    """A call that was spawned. It runs, and its result is kept, also when this process ends."""

    def __init__(self, object_id: str, *, client: Optional[Client] = None) -> None:
        self._object_id = object_id
        self._client = client

    @staticmethod
    def from_id(function_call_id: str, *, client: Optional[Client] = None) -> FunctionCall[Any]:
        """The handle of a call by its ``object_id``; makes no request."""
        return FunctionCall(function_call_id, client=client)

    @property
    def object_id(self) -> str:
        """Its id."""
        return self._object_id

    def get(self, timeout: Optional[float] = None) -> R:
        """Its result; raises what the function raised.

        ``timeout`` in seconds: ``None`` waits for ever, 0 only looks. ``TimeoutError`` while the
        call has not ended, ``NotFoundError`` for an unknown id, ``OutputExpiredError`` when the
        result is no longer kept.
        """
        from ._calls import FINISHED, outcome

        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _WAIT_SECONDS_MAX if deadline is None else deadline - time.monotonic()
            call = self._poll(max(0.0, min(left, _WAIT_SECONDS_MAX)))
            if call["status"] in FINISHED:
                result: R = outcome(self._connection(), call)
                return result
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(
                    f"call {self._object_id} is {call['status']} after {timeout:g} s",
                    details={"call_id": self._object_id, "status": call["status"]},
                )

    def cancel(self) -> None:
        """Asks for its end; a call that has ended stays as it is."""
        self._connection().json("POST", f"{self._path()}/cancel", retry="always")

    def status(self) -> str:
        """``queued``, ``running``, ``succeeded``, ``failed``, ``timed_out`` or ``cancelled``."""
        return str(self._poll(0)["status"])

    def logs(self) -> str:
        """The last 64 KiB of what the function printed."""
        return str(self._poll(0).get("logs") or "")

    def receipt(self) -> Optional[Receipt]:
        """What it used; ``None`` while it has not ended."""
        from ._calls import Receipt

        wire = self._poll(0).get("receipt")
        return None if wire is None else Receipt.from_wire(wire)

    @staticmethod
    def gather(*function_calls: FunctionCall[Any]) -> List[Any]:
        """The results of all, in order; the first failure is raised."""
        return [call.get() for call in function_calls]

    def _poll(self, wait_seconds: float) -> Dict[str, Any]:
        call: Dict[str, Any] = self._connection().json(
            "GET",
            self._path(),
            query={"wait_seconds": f"{wait_seconds:.3f}".rstrip("0").rstrip(".")},
            seconds=wait_seconds + 30,
        )
        return call

    def _path(self) -> str:
        from ._client import segment

        return f"/v1/calls/{segment(self._object_id)}"

    def _connection(self) -> Client:
        if self._client is None:
            from ._client import Client

            self._client = Client.from_env()
        return self._client

    def __repr__(self) -> str:
        return f"FunctionCall({self._object_id!r})"


def server_name(app_name: str, tag: str) -> str:
    """The name by which the server knows the function ``tag`` of an app."""
    return f"{app_name}-{tag}"
