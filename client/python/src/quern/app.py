"""Apps: functions that are deployed together."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, TypeVar

from . import _unsupported
from ._modules import module_name_of, ship_script, shipped_name
from .exception import ConflictError, ExecutionError, InvalidError, NotFoundError, QuernError
from .functions import Function, FunctionOptions, server_name

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from ._client import Client
    from ._map import Target

    P = ParamSpec("P")
else:
    P = TypeVar("P")
R = TypeVar("R")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._]*")
_NAME_LENGTH_MAX = 63


class LocalEntrypoint:
    """What ``quern run`` starts on this machine, with arguments from the command line."""

    def __init__(self, app: App, raw_f: Callable[..., Any], name: str) -> None:
        self.app = app
        self.raw_f = raw_f
        self.name = name
        self.__doc__ = raw_f.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs it here, as a plain function."""
        return self.raw_f(*args, **kwargs)


class App:
    """A group of functions. On the server the function ``f`` of the app ``demo`` is ``demo-f``.

    ``name`` is up to 63 characters of ``A-Z a-z 0-9 . _ -``; without one the app can be run, under
    its file's name, but not deployed.
    """

    def __init__(self, name: Optional[str] = None, **options: Any) -> None:
        _unsupported.refuse_options("App", options)
        if name is not None and not _NAME.fullmatch(name):
            raise InvalidError(
                "app name must be characters of A-Z a-z 0-9 . _ - starting with a letter or digit, "
                f"got {name!r}"
            )
        self._name = name
        self._functions: Dict[str, Function[..., Any]] = {}
        self._entrypoints: Dict[str, LocalEntrypoint] = {}
        self._client: Optional[Client] = None
        self._deployed: Dict[str, Dict[str, Any]] = {}

    @property
    def name(self) -> Optional[str]:
        """Its name."""
        return self._name

    @property
    def registered_functions(self) -> Dict[str, Function[..., Any]]:
        """Its functions by name."""
        return dict(self._functions)

    @property
    def registered_entrypoints(self) -> Dict[str, LocalEntrypoint]:
        """Its local entrypoints by name."""
        return dict(self._entrypoints)

    @property
    def deployed(self) -> List[Dict[str, Any]]:
        """What the server says about each function that is deployed by this process: ``name``,
        ``version``, ``timeout_seconds``, ``memory_bytes`` and so on.
        """
        return list(self._deployed.values())

    def function(
        self,
        _used_without_parentheses: Optional[Callable[..., Any]] = None,
        *,
        volumes: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
        memory: Any = None,
        max_containers: Optional[int] = None,
        scaledown_window: Optional[float] = None,
        name: Optional[str] = None,
        **unsupported: Any,
    ) -> Callable[[Callable[P, R]], Function[P, R]]:
        """Makes a module's function one that runs on the server.

        ``volumes`` maps an absolute path to a :class:`~quern.Volume`, seen there read-only;
        ``timeout`` is in seconds per call, default 300; ``memory`` in MiB, default 512, a pair is
        (request, limit) and the limit counts; ``max_containers`` bounds the processes at once,
        default 2; ``scaledown_window`` is the idle time in seconds before one is stopped, default
        60; ``name`` replaces the function's own name. Other arguments of Modal's are refused by
        name.
        """
        if _used_without_parentheses is not None:
            raise InvalidError("write @app.function() with parentheses")
        _unsupported.refuse_options("@app.function", unsupported)
        options = FunctionOptions(
            volumes=_checked_volumes(volumes or {}),
            timeout=timeout,
            memory=memory[-1] if isinstance(memory, tuple) else memory,
            max_containers=max_containers,
            scaledown_window=scaledown_window,
        )

        def register(raw_f: Callable[P, R]) -> Function[P, R]:
            tag = _checked_tag(raw_f, name)
            if tag in self._functions:
                raise InvalidError(f"app {self._name} has two functions named {tag}")
            if raw_f.__module__ == "__main__":
                ship_script()
            made: Function[P, R] = Function(name=tag, app=self, raw_f=raw_f, options=options)
            self._functions[tag] = made
            return made

        return register

    def local_entrypoint(
        self,
        _used_without_parentheses: Optional[Callable[..., Any]] = None,
        *,
        name: Optional[str] = None,
    ) -> Callable[[Callable[..., Any]], LocalEntrypoint]:
        """Makes a function one that ``quern run file.py`` starts here, with the app running.

        Its parameters become ``--kebab-case`` options; their types are str, int, float, bool (then
        ``--flag`` and ``--no-flag``) and Optional of these. It may be ``async``.
        """
        if _used_without_parentheses is not None:
            raise InvalidError("write @app.local_entrypoint() with parentheses")

        def register(raw_f: Callable[..., Any]) -> LocalEntrypoint:
            tag = name or raw_f.__name__
            if tag in self._entrypoints:
                raise InvalidError(f"app {self._name} has two entrypoints named {tag}")
            self._entrypoints[tag] = made = LocalEntrypoint(self, raw_f, tag)
            return made

        return register

    @contextlib.contextmanager
    def run(self, *, client: Optional[Client] = None) -> Iterator[App]:
        """While open, the app's functions are deployed under names of their own
        (``demo-f.1a2b3c4d``); at the end they are deleted. Calls that are still queued then fail.
        """
        import secrets

        if self._deployed:
            raise InvalidError(f"app {self._name} is running or deployed already")
        client = client or _default_client()
        suffix = secrets.token_hex(4)
        try:
            self._put(client, lambda tag: f"{server_name(self._run_name(), tag)}.{suffix}")
            yield self
        finally:
            self._take_down(client)

    def deploy(self, *, name: Optional[str] = None, client: Optional[Client] = None) -> App:
        """Deploys every function, as a new version where there is one of that name, and leaves them
        there. ``name`` is the app's name where it has none, or instead of it.

        The functions are put one after another: after an error those before it are deployed.
        """
        app_name = name or self._name
        if app_name is None:
            raise InvalidError('an app without a name cannot be deployed: App("name")')
        self._put(client or _default_client(), lambda tag: server_name(app_name, tag))
        return self

    def _run_name(self) -> str:
        if self._name is not None:
            return self._name
        main = getattr(sys.modules["__main__"], "__file__", None) or "app"
        return module_name_of(main).strip("_") or "app"

    def _put(self, client: Client, name_of: Callable[[str], str]) -> None:
        from ._client import segment

        requests = {tag: self._request(f) for tag, f in self._functions.items()}
        names = {tag: _checked_length(name_of(tag)) for tag in requests}
        if not requests:
            return
        artifact = self._ship(client)
        for function in self._functions.values():
            for volume in (function.options.volumes if function.options else {}).values():
                volume._ensure(client)
        self._client = client
        for tag, request in requests.items():
            self._deployed[tag] = client.json(
                "PUT",
                f"/v1/functions/{segment(names[tag])}",
                dict(request, artifact=artifact),
                retry="if_not_admitted",
            )

    def _ship(self, client: Client) -> str:
        from . import _source
        from ._client import bytes_body

        source = _source.archive(f.raw_f.__module__ for f in self._functions.values())
        body = bytes_body(source, "application/zip")
        return str(client.json("POST", "/v1/artifacts", body=body, retry="always")["id"])

    def _request(self, function: Function[..., Any]) -> Dict[str, Any]:
        options = function.options
        assert options is not None
        mounts = {path: volume._mount() for path, volume in options.volumes.items()}
        request = {
            "runtime": "python",
            "entry": _entry_of(function),
            "volumes": mounts or None,
            "timeout_seconds": options.timeout,
            "memory_bytes": None if options.memory is None else int(options.memory) << 20,
            "max_instances": options.max_containers,
            "scaledown_seconds": options.scaledown_window,
        }
        return {name: value for name, value in request.items() if value is not None}

    def _take_down(self, client: Client) -> None:
        from ._client import segment

        deployed, self._deployed = self._deployed, {}
        for body in deployed.values():
            try:
                client.json("DELETE", f"/v1/functions/{segment(body['name'])}")
            except (NotFoundError, ConflictError):
                continue
            except QuernError as e:
                print(f"quern: could not delete function {body['name']}: {e}", file=sys.stderr)

    def _target_of(self, function: Function[..., Any]) -> Target:
        body = self._deployed.get(function.name)
        if body is None or self._client is None:
            raise ExecutionError(
                f"function {function.name} is not deployed by this process: call it within "
                "`with app.run():` or `quern run`, or look a deployed one up with "
                "Function.from_name"
            )
        from ._map import Target

        return Target(self._client, body["name"], "python")

    def __getattr__(self, name: str) -> Any:
        if name in _unsupported.APP:
            raise _unsupported.error(f"App.{name}")
        raise AttributeError(f"App has no attribute {name!r}")

    def __repr__(self) -> str:
        return f"App({self._name!r})"


def _default_client() -> Client:
    from ._client import Client

    return Client.from_env()


def _entry_of(function: Function[..., Any]) -> str:
    """``module:function``, by which the other side finds it."""
    raw_f = function.raw_f
    reachable = getattr(sys.modules.get(raw_f.__module__), raw_f.__name__, None)
    if reachable is not function and reachable is not raw_f:
        raise InvalidError(
            f"function {raw_f.__qualname__} must be found at the top of its module as "
            f"{raw_f.__module__}.{raw_f.__name__}: it is imported by that name on the server"
        )
    return f"{shipped_name(raw_f.__module__)}:{raw_f.__name__}"


def _checked_tag(raw_f: Callable[..., Any], name: Optional[str]) -> str:
    if "<locals>" in getattr(raw_f, "__qualname__", ""):
        raise InvalidError(
            f"function {raw_f.__qualname__} is defined within another: only functions at the top "
            "of a module can be shipped"
        )
    tag = name or raw_f.__name__
    if not _TAG.fullmatch(tag):
        raise InvalidError(f"function name must be characters of A-Z a-z 0-9 . _, got {tag!r}")
    return tag


def _checked_length(name: str) -> str:
    if len(name) > _NAME_LENGTH_MAX:
        raise InvalidError(
            f"name of app and function are too long together: {name} has {len(name)} characters, "
            f"at most {_NAME_LENGTH_MAX} go"
        )
    return name


def _checked_volumes(volumes: Mapping[str, Any]) -> Dict[str, Any]:
    from .volume import Volume

    checked: Dict[str, Any] = {}
    for path, volume in volumes.items():
        if not isinstance(volume, Volume):
            raise InvalidError(
                f"volumes[{str(path)!r}] must be a quern.Volume, got {type(volume).__name__}: use "
                "quern.Volume.from_name(...)"
            )
        if volume.name in (other.name for other in checked.values()):
            raise InvalidError(f"volume {volume.name} is mounted at two paths")
        checked[str(path)] = volume
    return checked
