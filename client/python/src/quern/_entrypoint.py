"""Command-line arguments of an entrypoint, from its signature."""

from __future__ import annotations

import argparse
import inspect
import typing
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from .exception import InvalidError

_TYPES = (str, int, float, bool)


def parse(
    raw_f: Callable[..., Any], argv: List[str], program: str
) -> Tuple[List[Any], Dict[str, Any]]:
    """Positional and named arguments for ``raw_f``; ends the process with status 2 on bad usage.

    Every parameter is an option: ``max_words: int = 10`` is ``--max-words N``; a bool is ``--flag``
    and ``--no-flag``; ``*args`` takes what is left. Types are str, int, float, bool and Optional of
    these; without an annotation the default's type, else str. Raises ``InvalidError`` for others.
    """
    parser = argparse.ArgumentParser(
        prog=program, description=inspect.getdoc(raw_f), allow_abbrev=False
    )
    rest: Optional[str] = None
    hints = _hints(raw_f)
    for name, parameter in inspect.signature(raw_f).parameters.items():
        kind = _type_of(raw_f, parameter, hints.get(name))
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            raise InvalidError(f"{raw_f.__name__}: **{name} cannot come from the command line")
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = name
            parser.add_argument(name, nargs="*", type=kind)
        else:
            _add(parser, parameter, kind)
    values = vars(parser.parse_args(argv))
    extra = values.pop(rest) if rest else []
    if not extra:
        return [], values
    positional = [
        values.pop(name)
        for name, parameter in inspect.signature(raw_f).parameters.items()
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    return positional + list(extra), values


def _add(parser: argparse.ArgumentParser, parameter: inspect.Parameter, kind: type) -> None:
    required = parameter.default is inspect.Parameter.empty
    flags = [f"--{parameter.name.replace('_', '-')}"]
    if "_" in parameter.name:
        flags.append(f"--{parameter.name}")
    options: Dict[str, Any] = {"dest": parameter.name, "required": required}
    if not required:
        options["default"] = parameter.default
    if kind is bool:
        options["action"] = argparse.BooleanOptionalAction
    else:
        options["type"] = kind
        options["metavar"] = kind.__name__.upper()
        if not required and parameter.default is not None:
            options["help"] = "default %(default)s"
    parser.add_argument(*flags, **options)


def _hints(raw_f: Callable[..., Any]) -> Dict[str, Any]:
    try:
        return typing.get_type_hints(raw_f)
    except Exception as e:
        raise InvalidError(f"{raw_f.__name__}: cannot read its annotations: {e}") from e


def _type_of(raw_f: Callable[..., Any], parameter: inspect.Parameter, hint: Any) -> type:
    if hint is None:
        default = parameter.default
        return type(default) if isinstance(default, _TYPES) else str
    members = [hint]
    if typing.get_origin(hint) is Union or type(hint).__name__ == "UnionType":
        members = [member for member in typing.get_args(hint) if member is not type(None)]
    if len(members) == 1 and members[0] in _TYPES:
        kind: type = members[0]
        return kind
    raise InvalidError(
        f"{raw_f.__name__}: parameter {parameter.name} is {hint}, but a command-line argument can "
        "be str, int, float, bool or Optional of these"
    )
