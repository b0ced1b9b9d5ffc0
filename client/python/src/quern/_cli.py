"""``quern run FILE[::NAME] [ARGUMENTS]``, ``quern deploy FILE`` and the Arrow and Parquet files of
``quern collection export`` and ``import``.

Exit status, as of the whole ``quern`` command: 0 done, 1 the program failed, 2 wrong usage or
input, 3 not found, 4 denied, 5 conflict, 6 no server or a busy one, 7 a function that was called
failed; 130 interrupted. With ``--json``, which stands before the file, standard output holds one
JSON value and nothing else; what the program prints goes to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import importlib.util
import inspect
import json
import os
import sys
import time
import traceback
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _entrypoint
from ._calls import Output, RemoteTraceback
from ._client import Client
from ._files import FORMATS
from ._modules import module_name_of
from ._version import VERSION
from .app import App, LocalEntrypoint
from .collection import Collection
from .exception import ExecutionError, FunctionTimeoutError, InvalidError, QuernError
from .functions import Function

_STATUS = {
    "INVALID": 2,
    "NOT_FOUND": 3,
    "DENIED": 4,
    "CONFLICT": 5,
    "FENCED": 5,
    "EXHAUSTED": 6,
    "UNAVAILABLE": 6,
}
_CALL_FAILED = 7


def main(argv: Optional[List[str]] = None) -> int:
    """Runs one command and returns the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "run":
            return _run(arguments)
        if arguments.command == "collection":
            return _files(arguments)
        return _deploy(arguments)
    except QuernError as e:
        print(f"quern: {e}", file=sys.stderr)
        return _status_of(e)
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="quern", description=__doc__.split("\n\n")[0])
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run an app's local entrypoint, or one function")
    deploy = commands.add_parser("deploy", help="deploy an app's functions")
    for command in (run, deploy):
        command.add_argument(
            "-m", dest="module", action="store_true", help="the app is a module, such as pkg.jobs"
        )
        command.add_argument("--json", action="store_true", help="print JSON")
        command.add_argument("file", help="a Python file, or file.py::NAME")
    verbs = commands.add_parser("collection", help="collections as files").add_subparsers(
        dest="verb", required=True
    )
    for verb in ("export", "import"):
        command = verbs.add_parser(verb)
        command.add_argument("name", help="of the collection")
        command.add_argument("--json", action="store_true", help="print JSON")
        command.add_argument("--format", choices=FORMATS, help="default by the file's name")
    verbs.choices["export"].add_argument("--at", help="as the rows were; default as they are now")
    verbs.choices["export"].add_argument("--out", dest="file", default="-", help="default stdout")
    verbs.choices["import"].add_argument("file")
    deploy.add_argument("--name", help="deploy under this app name")
    run.add_argument("--quiet", action="store_true", help="no summary of the calls")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="for the entrypoint")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    path, _, name = arguments.file.partition("::")
    with _stdout_kept(arguments.json) as stdout:
        try:
            module = _load(path, arguments.module)
        except QuernError:
            raise
        except Exception as e:
            return _failed(e)
        app, raw_f, call = _choose(module, name)
        args, kwargs = _entrypoint.parse(raw_f, arguments.arguments, f"quern run {arguments.file}")
        started = time.monotonic()
        with Output() as output:
            with app.run(client=Client.from_env()):
                try:
                    result = call(*args, **kwargs)
                    if inspect.iscoroutine(result):
                        result = asyncio.run(result)
                    status = 0
                except Exception as e:
                    result, status = None, _failed(e)
            if not arguments.quiet:
                _summarise(output, time.monotonic() - started)
        if arguments.json:
            report = {"status": status, "result": result, "calls": output.finished}
            print(json.dumps(report, default=repr), file=stdout)
        elif result is not None and call is not raw_f:
            print(result)
    return status


def _deploy(arguments: argparse.Namespace) -> int:
    path, _, name = arguments.file.partition("::")
    with _stdout_kept(arguments.json) as stdout:
        try:
            module = _load(path, arguments.module)
        except QuernError:
            raise
        except Exception as e:
            return _failed(e)
        app = _app_of(module, name)
        client = Client.from_env()
        app.deploy(name=arguments.name, client=client)
    if arguments.json:
        print(json.dumps(app.deployed), file=stdout)
        return 0
    for function in app.deployed:
        print(
            f"deployed {function['name']} version {function['version']}: "
            f"POST {client.url}/v1/functions/{function['name']}/call"
        )
    return 0


def _files(arguments: argparse.Namespace) -> int:
    collection = Collection(arguments.name)
    if arguments.verb == "import":
        rows, done = collection.import_file(arguments.file, format=arguments.format), "imported"
    else:
        rows = collection.export_file(arguments.file, format=arguments.format, at=arguments.at)
        done = "exported"
    report = json.dumps({done: rows}) if arguments.json else f"{done} {rows} rows"
    print(report, file=sys.stderr if arguments.file == "-" else sys.stdout)
    return 0


@contextlib.contextmanager
def _stdout_kept(json_only: bool) -> Any:
    """Yields standard output; with ``json_only`` what is printed goes to standard error."""
    stdout = sys.stdout
    with contextlib.redirect_stdout(sys.stderr) if json_only else contextlib.nullcontext():
        yield stdout


def _load(reference: str, is_module: bool) -> ModuleType:
    """Imports the user's file, its folder first on the path as ``python file.py`` has it."""
    if is_module or not (reference.endswith(".py") or os.path.exists(reference)):
        sys.path.insert(0, os.getcwd())
        return importlib.import_module(reference)
    if not os.path.isfile(reference):
        raise InvalidError(f"no such file: {reference}")
    path = os.path.abspath(reference)
    sys.path.insert(0, os.path.dirname(path))
    name = module_name_of(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidError(f"not a Python file: {reference}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _app_of(module: ModuleType, name: str) -> App:
    """The app called ``name`` in the module; without a name ``app``, or the only one there is."""
    apps = {key: value for key, value in vars(module).items() if isinstance(value, App)}
    if name:
        if name not in apps:
            raise InvalidError(f"no app {name} in {module.__name__}: it has {_listed(apps)}")
        return apps[name]
    if "app" in apps:
        return apps["app"]
    different = {id(app): app for app in apps.values()}
    if len(different) != 1:
        raise InvalidError(
            f"{module.__name__} must have one app, or one named app: it has {_listed(apps)}"
        )
    return next(iter(different.values()))


def _choose(module: ModuleType, name: str) -> Tuple[App, Callable[..., Any], Callable[..., Any]]:
    """The app to run, the function whose signature the arguments follow, and what to call."""
    app_name, _, member = name.rpartition(".")
    app = _app_of(module, app_name)
    entrypoints: Dict[str, LocalEntrypoint] = app.registered_entrypoints
    functions: Dict[str, Function[..., Any]] = app.registered_functions
    if not member:
        if len(entrypoints) == 1:
            member = next(iter(entrypoints))
        elif not entrypoints and len(functions) == 1:
            member = next(iter(functions))
        else:
            raise InvalidError(
                f"say which to run, as {module.__name__}.py::NAME: entrypoints "
                f"{_listed(entrypoints)}; functions {_listed(functions)}"
            )
    if member in entrypoints:
        raw_f = entrypoints[member].raw_f
        return app, raw_f, raw_f
    if member in functions:
        return app, functions[member].raw_f, functions[member].remote
    raise InvalidError(
        f"no entrypoint or function {member} in {module.__name__}: entrypoints "
        f"{_listed(entrypoints)}; functions {_listed(functions)}"
    )


def _listed(names: Dict[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def _failed(failure: Exception) -> int:
    """Prints a traceback that begins in the user's code."""
    trace = failure.__traceback__
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    traceback.print_exception(type(failure), failure, trace)
    return _status_of(failure)


def _status_of(failure: Exception) -> int:
    called = (ExecutionError, FunctionTimeoutError)
    if isinstance(failure, called) or isinstance(failure.__cause__, RemoteTraceback):
        return _CALL_FAILED
    return _STATUS.get(failure.code, 1) if isinstance(failure, QuernError) else 1


def _is_ours(filename: str) -> bool:
    return filename.startswith(("<frozen ", os.path.dirname(os.path.abspath(__file__)) + os.sep))


def _summarise(output: Output, seconds: float) -> None:
    calls = output.finished
    if not calls:
        return
    receipts = [call["receipt"] for call in calls if call.get("receipt")]
    failed = sum(call["status"] != "succeeded" for call in calls)
    run_ms = sum(receipt["run_ms"] for receipt in receipts)
    cpu_ms = sum(receipt["cpu_ms"] for receipt in receipts)
    cold = sum(bool(receipt["cold_start"]) for receipt in receipts)
    peak = max((receipt["peak_memory_bytes"] for receipt in receipts), default=0)
    print(
        f"quern: {len(calls)} calls, {failed} failed, in {seconds:.2f} s: "
        f"run {run_ms / 1000:.2f} s, cpu {cpu_ms / 1000:.2f} s, {cold} cold starts, "
        f"peak memory {peak / 2**20:.0f} MiB",
        file=sys.stderr,
    )
